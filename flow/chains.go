package flow

// fewElements is up to which number of elements comparing each name with each
// other is quicker than a map.
const fewElements = 24

// chains links the elements of a record that have the same name. A record may
// have hundreds, so the work grows with their number and not with its square.
type chains struct {
	links  []link
	byName map[string]int
}

type link struct {
	next   int32 // element of the same name, -1 when there is none
	repeat bool  // one of the same name comes before it
}

// find links the elements of a list.
func (c *chains) find(list []Element) {
	c.links = c.links[:0]
	if len(list) > fewElements {
		if c.byName == nil {
			c.byName = map[string]int{}
		}
		clear(c.byName)
	}
	for i := range list {
		c.links = append(c.links, link{next: -1})
		if before := c.before(list, i); before >= 0 {
			c.links[before].next, c.links[i].repeat = int32(i), true
		}
	}
}

// before gives the nearest element before i that has its name, -1 when there is
// none.
func (c *chains) before(list []Element, i int) int {
	if len(list) > fewElements {
		before, found := c.byName[list[i].Name]
		c.byName[list[i].Name] = i
		if !found {
			return -1
		}
		return before
	}
	for j := i - 1; j >= 0; j-- {
		if list[j].Name == list[i].Name {
			return j
		}
	}
	return -1
}

func (c *chains) repeats(i int) bool { return c.links[i].repeat }

func (c *chains) next(i int) int { return int(c.links[i].next) }
