package column

import (
	"math"
	"strconv"

	"github.com/weirflow/weir/flow"
)

var notANumber = math.Float64bits(math.NaN())

// numberElement gives the element whose document form is the number s.
func numberElement(name, s string) flow.Element {
	if v, err := strconv.ParseUint(s, 10, 64); err == nil {
		return flow.Element{Name: name, Kind: flow.ElementUint, Num: v}
	}
	if v, err := strconv.ParseInt(s, 10, 64); err == nil && v != 0 { // "-0" is a float
		return flow.Element{Name: name, Kind: flow.ElementInt, Num: uint64(v)}
	}
	v, _ := strconv.ParseFloat(s, 64) // JSON has checked the form; out of range gives ±Inf
	return flow.Element{Name: name, Kind: flow.ElementFloat, Num: math.Float64bits(v)}
}
