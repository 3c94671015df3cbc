package netflow

import (
	"testing"

	"github.com/weirflow/weir/collector/message"
)

// TestStates: what is kept of each exporter is summed up, with the ages of its
// templates.
func TestStates(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	b.o.Received = seconds(0)
	b.decode(ipfixMessage(exported, 0, 1, set2(2, smallTemplate)))
	b.o.Received = seconds(10)
	b.decode(ipfixMessage(exported, 0, 1, samplerOptions(302, 7, 305, 1, 306, 9)...))
	b.decode(ipfixMessage(exported, 1, 1, set2(301, smallRecord))) // waits
	one := b.o.Addr
	list := b.d.store.States()
	if len(list) != 1 {
		t.Fatalf("%d exporters", len(list))
	}
	want := State{Addr: one, Name: one.String(), Domains: 1, Samplers: 1, Protocol: message.IPFIX, Domain: 1, Templates: 2,
		OldestTemplate: seconds(0), NewestTemplate: seconds(10), HeldSets: 1, HeldBytes: costHeld + len(smallRecord)}
	if list[0] != want {
		t.Errorf("%+v, want %+v", list[0], want)
	}
	// Data keeps a template in use, but does not make its definition newer.
	b.o.Received = seconds(20)
	b.decode(ipfixMessage(exported+20, 2, 1, set2(300, smallFlow(1))))
	if list = b.d.store.States(); list[0].OldestTemplate != seconds(0) {
		t.Errorf("the oldest template is of %d", list[0].OldestTemplate-seconds(0))
	}
	b.decode(ipfixMessage(exported+20, 3, 2, set2(2, smallTemplate)))
	if list = b.d.store.States(); list[0].Domains != 2 || list[0].Domain != 0 || list[0].Templates != 3 || list[0].NewestTemplate != seconds(20) {
		t.Errorf("with another domain %+v", list[0])
	}
}
