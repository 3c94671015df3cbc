package collector

// Receiver is what the kernel does for one UDP endpoint, over all its sockets.
type Receiver struct {
	// Endpoint is as configured, its port filled in.
	Endpoint Endpoint
	// Asked and Granted are the receive buffer of each socket, in bytes, as
	// Config.ReceiveBuffer asks for it and as the kernel gave it.
	Asked, Granted int
	// Drops counts the datagrams that the kernel dropped because that buffer was
	// full.
	Drops uint64
}

// Receivers tells of every UDP endpoint, in the order of Addrs. It is empty before
// Start; after Close drops that came last may be missing. Safe for concurrent use
// with receiving.
func (c *Collector) Receivers() []Receiver {
	var list []Receiver
	var last *listener
	for _, w := range c.workers { // those of an endpoint stand together
		if w.listener != last {
			last = w.listener
			list = append(list, Receiver{Endpoint: last.Endpoint, Asked: c.config.ReceiveBuffer, Granted: w.socket.granted})
		}
		w.socket.pollDrops()
		list[len(list)-1].Drops += w.socket.drops.value()
	}
	return list
}
