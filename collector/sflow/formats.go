package sflow

// Flow record formats (sflow.org/developers/structures.php). Those without an
// enterprise are sFlow's own.
const (
	recordHeader          = 1
	recordEthernet        = 2
	recordIPv4            = 3
	recordIPv6            = 4
	recordSwitch          = 1001
	recordRouter          = 1002
	recordGateway         = 1003
	recordUser            = 1004
	recordURL             = 1005
	recordMPLS            = 1006
	recordNAT             = 1007
	recordMPLSTunnel      = 1008
	recordMPLSVC          = 1009
	recordMPLSFTN         = 1010
	recordMPLSFEC         = 1011
	recordVLANTunnel      = 1012
	recordWLANPayload     = 1013
	recordWLANRx          = 1014
	recordWLANTx          = 1015
	recordWLANAggregation = 1016
	recordOpenFlow        = 1017
	recordFC              = 1018
	recordQueueLength     = 1019
	recordNATPort         = 1020
	recordL2Egress        = 1021
	recordL2Ingress       = 1022
	recordIPv4Egress      = 1023
	recordIPv4Ingress     = 1024
	recordIPv6Egress      = 1025
	recordIPv6Ingress     = 1026
	recordDecapEgress     = 1027
	recordDecapIngress    = 1028
	recordVNIEgress       = 1029
	recordVNIIngress      = 1030
	recordIBLRH           = 1031
	recordIBGRH           = 1032
	recordIBBTH           = 1033
	recordVLANIn          = 1034
	recordVLANOut         = 1035
	recordEgressQueue     = 1036
	recordACL             = 1037
	recordFunction        = 1038
	recordTransit         = 1039
	recordQueue           = 1040
	recordTrap            = 1041
	recordLinuxReason     = 1042
	recordTimestamp       = 1043
	recordTransaction     = 2000
	recordNFS             = 2001
	recordSCSI            = 2002
	recordHTTPTransaction = 2003
	recordSocket4         = 2100
	recordSocket6         = 2101
	recordProxy4          = 2102
	recordProxy6          = 2103
	recordMemcache        = 2200
	recordHTTPOld         = 2201 // before 2206
	recordAppOperation    = 2202
	recordAppParent       = 2203
	recordAppInitiator    = 2204
	recordAppTarget       = 2205
	recordHTTP            = 2206
	recordProxyRequest    = 2207
	recordNavTiming       = 2208
	recordTCPInfo         = 2209
	recordEntities        = 2210

	recordBroadcomQueue = broadcom | 1
)

// The slots of the list of a sample's records: the order in which those that
// fields come from are applied, as earlier ones know better. The agent may send
// them in any order.
const (
	slotHeader = iota
	slotWLANPayload
	slotIPv4
	slotIPv6
	slotSocket4
	slotSocket6
	slotEthernet
	slotVLANTunnel
	slotVLANIn
	slotVLANOut
	slotSwitch
	slotRouter
	slotGateway
	slotUser
	slotURL
	slotMPLS
	slotNAT
	slotNATPort
	slotWLANRx
	slotWLANTx
	slotTransaction
	slotHTTP
	slotHTTPOld
	slotHTTPTransaction
	slotAppOperation
	slotMemcache
	numSlots
)

// slotOf gives the slot of a record, ok only when fields come from it.
func slotOf(format uint32) (slot uint8, ok bool) {
	switch format {
	case recordHeader:
		return slotHeader, true
	case recordSwitch:
		return slotSwitch, true
	case recordRouter:
		return slotRouter, true
	case recordGateway:
		return slotGateway, true
	case recordEthernet:
		return slotEthernet, true
	case recordIPv4:
		return slotIPv4, true
	case recordIPv6:
		return slotIPv6, true
	case recordUser:
		return slotUser, true
	case recordURL:
		return slotURL, true
	case recordMPLS:
		return slotMPLS, true
	case recordNAT:
		return slotNAT, true
	case recordNATPort:
		return slotNATPort, true
	case recordVLANTunnel:
		return slotVLANTunnel, true
	case recordVLANIn:
		return slotVLANIn, true
	case recordVLANOut:
		return slotVLANOut, true
	case recordWLANPayload:
		return slotWLANPayload, true
	case recordWLANRx:
		return slotWLANRx, true
	case recordWLANTx:
		return slotWLANTx, true
	case recordTransaction:
		return slotTransaction, true
	case recordHTTPTransaction:
		return slotHTTPTransaction, true
	case recordSocket4:
		return slotSocket4, true
	case recordSocket6:
		return slotSocket6, true
	case recordMemcache:
		return slotMemcache, true
	case recordHTTPOld:
		return slotHTTPOld, true
	case recordAppOperation:
		return slotAppOperation, true
	case recordHTTP:
		return slotHTTP, true
	}
	return 0, false
}
