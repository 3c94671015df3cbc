package doctor

// topic is what a command is about.
type topic int

const (
	topicRefresh    topic = iota // send templates more often
	topicActive                  // send long flows more often
	topicSampler                 // tell the samplers' rates
	topicInterfaces              // tell the interfaces' names
	topicApps                    // tell the applications' names
	topicBoot                    // tell the boot time
	topicClock                   // set the clock
	topicSource                  // send from a fixed address
	topicDirection               // see both directions
)

// commands are what to type at a vendor's device, a line each. WEIR stands for the
// name that the exporter has there.
var commands = map[topic]map[Vendor][]string{
	topicRefresh: {
		VendorMikroTik: {"/ip traffic-flow target set [find] v9-template-refresh=20 v9-template-timeout=1m"},
		VendorCisco:    {"flow exporter WEIR", " template data timeout 60"},
		VendorCiscoXR:  {"flow exporter-map WEIR", " version v9", "  template data timeout 60"},
		VendorCiscoASA: {"flow-export template timeout-rate 1"},
		VendorJuniper: {"set services flow-monitoring version-ipfix template WEIR template-refresh-rate seconds 60",
			"set services flow-monitoring version-ipfix template WEIR option-refresh-rate seconds 60"},
		VendorFortinet: {"config system netflow", "  set template-tx-timeout 60", "end"},
		VendorPaloAlto: {"set shared server-profile netflow WEIR template-refresh-rate minutes 1"},
		VendorHuawei:   {"ip netstream export template timeout-rate 1"},
	},
	topicActive: {
		VendorMikroTik:  {"/ip traffic-flow set active-flow-timeout=1m inactive-flow-timeout=15s"},
		VendorCisco:     {"flow monitor WEIR", " cache timeout active 60"},
		VendorCiscoXR:   {"flow monitor-map WEIR", " cache timeout active 60"},
		VendorCiscoASA:  {"flow-export active refresh-interval 1"},
		VendorJuniper:   {"set services flow-monitoring version-ipfix template WEIR flow-active-timeout 60"},
		VendorFortinet:  {"config system netflow", "  set active-flow-timeout 60", "end", "# before FortiOS 7 it counts minutes: 1"},
		VendorPaloAlto:  {"set shared server-profile netflow WEIR active-timeout 1"},
		VendorHuawei:    {"ip netstream timeout active 1"},
		VendorSoftflowd: {"softflowd -t maxlife=60 ...", "# pmacct: nfprobe_timeouts: maxlife=60"},
		VendorNtop:      {"nprobe -t 60 ..."},
	},
	topicSampler: {
		VendorCisco:   {"flow exporter WEIR", " option sampler-table timeout 60"},
		VendorCiscoXR: {"flow exporter-map WEIR", " version v9", "  options sampler-table timeout 60"},
		VendorJuniper: {"set services flow-monitoring version-ipfix template WEIR option-refresh-rate seconds 60"},
	},
	topicInterfaces: {
		VendorCisco:    {"flow exporter WEIR", " option interface-table timeout 60"},
		VendorCiscoXR:  {"flow exporter-map WEIR", " version v9", "  options interface-table timeout 60"},
		VendorMikroTik: {"# RouterOS does not send names: enrich.interfaces, or SNMP's ifIndex: /interface print oid"},
	},
	topicApps: {
		VendorCisco: {"flow exporter WEIR", " option application-table timeout 60"},
	},
	topicBoot: {
		VendorMikroTik: {"/ip traffic-flow ipfix set sys-init-time=yes", "# before RouterOS 7: /ip traffic-flow target set [find] version=9"},
	},
	topicClock: {
		VendorMikroTik: {"/system ntp client set enabled=yes servers=pool.ntp.org"},
		VendorCisco:    {"ntp server 192.0.2.123"},
		VendorCiscoXR:  {"ntp", " server 192.0.2.123"},
		VendorCiscoASA: {"ntp server 192.0.2.123"},
		VendorJuniper:  {"set system ntp server 192.0.2.123"},
		VendorFortinet: {"config system ntp", "  set ntpsync enable", "end"},
		VendorHuawei:   {"ntp-service unicast-server 192.0.2.123"},
	},
	topicSource: {
		VendorMikroTik: {"/ip traffic-flow target set [find] src-address=192.0.2.1"},
		VendorCisco:    {"flow exporter WEIR", " source Loopback0"},
		VendorCiscoXR:  {"flow exporter-map WEIR", " source Loopback0"},
		VendorJuniper:  {"set forwarding-options sampling instance WEIR family inet output inline-jflow source-address 192.0.2.1"},
		VendorFortinet: {"config system netflow", "  set source-ip 192.0.2.1", "end"},
		VendorHuawei:   {"ip netstream export source 192.0.2.1"},
	},
	topicDirection: {
		VendorMikroTik: {"/ip traffic-flow set interfaces=all"},
		VendorCiscoXR:  {"interface GigabitEthernet0/0/0/0", " flow ipv4 monitor WEIR sampler WEIR ingress", " flow ipv4 monitor WEIR sampler WEIR egress"},
		VendorCisco:    {"interface GigabitEthernet0/0", " ip flow monitor WEIR input", " ip flow monitor WEIR output", "! or input on every interface"},
		VendorFortinet: {"config system interface", "  edit port1", "    set netflow-sampler both", "end"},
		VendorHuawei:   {"ip netstream inbound", "ip netstream outbound"},
	},
}
