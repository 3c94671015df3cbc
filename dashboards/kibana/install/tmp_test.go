package install
import ("testing";"os";"net/http")
func TestTmp(t *testing.T) {
	text, _ := os.ReadFile("/tmp/s2weir.ndjson")
	for _, a := range []string{"http://127.0.0.1:5710","http://127.0.0.1:5280"} {
		in, _ := New(Config{URL: a}, Dependencies{Transport: &http.Transport{DisableKeepAlives: true}})
		r, _, err := in.Install(t.Context(), text, nil, Options{DryRun: true})
		n := map[Outcome]int{}
		for _, x := range r { n[x.Outcome]++ ; if x.Outcome != Unchanged { t.Log(x) } }
		t.Log(a, n, err)
	}
}
