package demo

import (
	"math"
	"time"

	"github.com/weirflow/weir/flow"
)

// sampleEvery is the interval of counter samples.
const sampleEvery = 5 * time.Minute

// server is a machine that sends sFlow host counters.
type server struct {
	name, release          string
	processors, memoryGB   uint64
	load                   float64
	diskGB, usedPercentage uint64
	curve                  *curve
}

var servers = []server{
	{"files.works.example", "6.1.0-28-amd64", 8, 32, 1.8, 8000, 71, &office},
	{"data.works.example", "6.1.0-28-amd64", 16, 128, 6.5, 2000, 54, &office},
	{"www.works.example", "6.8.0-45-generic", 4, 8, .9, 100, 38, &evening},
	{"backup.works.example", "6.1.0-28-amd64", 8, 16, 3.4, 24000, 88, &night},
	{"vm1.works.example", "5.14.0-503.el9", 32, 256, 14, 4000, 62, &office},
}

// samples plays the counters of the core switch's ports and of servers. Counters
// run on from sample to sample.
func (m *maker) samples() {
	ports := make([]portCounters, len(core.ports))
	machines := make([]hostCounters, len(servers))
	for i := range ports {
		ports[i] = portCounters{in: m.rnd.Uint64N(1 << 40), out: m.rnd.Uint64N(1 << 40)}
	}
	for at := m.start.Truncate(sampleEvery).Add(sampleEvery); !at.After(m.c.End); at = at.Add(sampleEvery) {
		for i := range core.ports {
			m.portSample(at, &core.ports[i], &ports[i])
		}
		for i := range servers {
			m.hostSample(at, &servers[i], &machines[i])
		}
	}
}

// sample begins a record of counters.
func (m *maker) sample(at time.Time) *flow.Record {
	r := m.w.Next()
	r.Kind = flow.KindCounters
	r.SetTimestamp(at.UnixNano())
	r.SetEventCreated(at.UnixNano())
	m.observe(r, &core)
	return r
}

func number(r *flow.Record, name string, v uint64) {
	r.Extra = append(r.Extra, flow.Element{Name: name, Num: v})
}

func fraction(r *flow.Record, name string, v float64) {
	r.Extra = append(r.Extra, flow.Element{Name: name, Kind: flow.ElementFloat, Num: math.Float64bits(v)})
}

func (m *maker) text(r *flow.Record, name, v string) {
	r.Extra = append(r.Extra, flow.Element{Name: name, Kind: flow.ElementString, Bytes: m.w.Copy([]byte(v))})
}

// portCounters are the running totals of a port.
type portCounters struct{ in, out, errors, discards uint64 }

func (m *maker) portSample(at time.Time, p *port, c *portCounters) {
	seconds := sampleEvery.Seconds()
	full := float64(p.speed) / 8 * seconds
	busy := .02 + .28*office.at(at)
	if p.speed == gigabit {
		busy = .04 + .55*office.at(at)
	}
	busy *= 1 - .13*float64(p.index%5)
	c.in += uint64(full * busy * (.8 + .4*m.rnd.Float64()))
	c.out += uint64(full * busy * .6 * (.8 + .4*m.rnd.Float64()))
	if p.index == 10 && m.chance(.2) {
		c.errors += uint64(m.between(1, 20))
	}
	if m.chance(.05) {
		c.discards += uint64(m.between(1, 400))
	}
	r := m.sample(at)
	number(r, "source_id_class", 0)
	number(r, "source_id_index", uint64(p.index))
	number(r, "if_index", uint64(p.index))
	number(r, "if_type", 6)
	number(r, "if_speed", p.speed)
	number(r, "if_direction", 1)
	number(r, "if_status", 3)
	number(r, "if_in_octets", c.in)
	number(r, "if_in_ucast_pkts", c.in/900)
	number(r, "if_in_multicast_pkts", c.in/90000)
	number(r, "if_in_broadcast_pkts", c.in/200000)
	number(r, "if_in_discards", c.discards)
	number(r, "if_in_errors", c.errors)
	number(r, "if_in_unknown_protos", 0)
	number(r, "if_out_octets", c.out)
	number(r, "if_out_ucast_pkts", c.out/900)
	number(r, "if_out_multicast_pkts", c.out/90000)
	number(r, "if_out_broadcast_pkts", c.out/200000)
	number(r, "if_out_discards", c.discards/2)
	number(r, "if_out_errors", c.errors/3)
	number(r, "if_promiscuous_mode", 0)
	m.text(r, "port_name", p.name)
}

// hostCounters are the running totals of a machine.
type hostCounters struct {
	uptime                      uint64 // s
	idle, user, system          uint64 // ms
	in, out, read, write, drops uint64
}

func (m *maker) hostSample(at time.Time, s *server, c *hostCounters) {
	seconds := uint64(sampleEvery / time.Second)
	busy := s.load * (.15 + .85*s.curve.at(at)) * (.8 + .4*m.rnd.Float64())
	if c.uptime == 0 {
		c.uptime = uint64(m.between(5, 200)) * 86400
		c.idle = c.uptime * 1000 * s.processors / 2
	}
	c.uptime += seconds
	used := min(busy/float64(s.processors), .97)
	total := float64(seconds * 1000 * s.processors)
	c.idle += uint64(total * (1 - used))
	c.user += uint64(total * used * .7)
	c.system += uint64(total * used * .3)
	c.in += uint64(busy * 2.1e6 * float64(seconds))
	c.out += uint64(busy * 3.4e6 * float64(seconds))
	c.read += uint64(busy * 1.2e6 * float64(seconds))
	c.write += uint64(busy * .8e6 * float64(seconds))
	if m.chance(.04) {
		c.drops += uint64(m.between(1, 300))
	}
	r := m.sample(at)
	m.text(r, "host_name", s.name)
	m.text(r, "host_os_release", s.release)
	number(r, "host_machine_type", 3)
	number(r, "host_os_name", 2)
	fraction(r, "cpu_load_one", busy)
	fraction(r, "cpu_load_five", busy*.95)
	fraction(r, "cpu_load_fifteen", busy*.9)
	number(r, "cpu_proc_run", uint64(busy)+1)
	number(r, "cpu_proc_total", 200+20*s.processors)
	number(r, "cpu_num", s.processors)
	number(r, "cpu_speed", 2400)
	number(r, "cpu_uptime", c.uptime)
	number(r, "cpu_user", c.user)
	number(r, "cpu_system", c.system)
	number(r, "cpu_idle", c.idle)
	number(r, "cpu_wio", c.system/9)
	memory := s.memoryGB << 30
	free := uint64(float64(memory) * (.35 - .2*s.curve.at(at)))
	number(r, "mem_total", memory)
	number(r, "mem_free", free)
	number(r, "mem_buffers", memory/40)
	number(r, "mem_cached", memory/5)
	number(r, "swap_total", 4<<30)
	number(r, "swap_free", 3<<30)
	disk := s.diskGB * 1_000_000_000
	number(r, "disk_total", disk)
	number(r, "disk_free", disk-disk/100*s.usedPercentage-c.write/50)
	number(r, "disk_part_max_used", s.usedPercentage*100)
	number(r, "disk_bytes_read", c.read)
	number(r, "disk_bytes_written", c.write)
	number(r, "net_bytes_in", c.in)
	number(r, "net_pkts_in", c.in/900)
	number(r, "net_errs_in", c.drops/30)
	number(r, "net_drops_in", c.drops)
	number(r, "net_bytes_out", c.out)
	number(r, "net_pkts_out", c.out/900)
	number(r, "net_errs_out", 0)
	number(r, "net_drops_out", c.drops/10)
}
