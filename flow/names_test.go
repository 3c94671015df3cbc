package flow

import (
	"slices"
	"testing"

	"github.com/weirflow/weir/flow/catalogue"
)

func TestNames(t *testing.T) {
	for _, test := range []struct {
		form catalogue.Form
		v    uint64
		want []string
	}{
		{catalogue.FormTCPFlags, 0, nil},
		{catalogue.FormTCPFlags, 0x612, []string{"SYN", "ACK", "0x600"}},
		{catalogue.FormEndReason, 3, []string{"end of flow detected"}},
		{catalogue.FormEndReason, 9, []string{"9"}},
		{catalogue.FormDirection, 1, []string{"egress"}},
		{catalogue.FormForwarding, 133, []string{"dropped (133)"}},
		{catalogue.FormText, 17, []string{"17"}},
		{catalogue.FormPlain, 17, []string{"17"}},
	} {
		if got := Names(test.form, test.v); !slices.Equal(got, test.want) {
			t.Errorf("form %d of %d is %q, want %q", test.form, test.v, got, test.want)
		}
	}
}
