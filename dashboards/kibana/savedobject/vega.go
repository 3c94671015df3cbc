package savedobject

// Drawn shows a Vega specification. The specification asks for its own data;
// where it has "%context%" the board's time range and filters apply.
func Drawn(specification string) Vis {
	return Vis{kind: "vega", params: object{"spec": specification}}
}
