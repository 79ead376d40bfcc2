package flow
import "testing"
func TestProbe(t *testing.T){
	cfg:=DefaultConfig(); cfg.MaxFlows=100000
	tb,_:=New(cfg)
	ps:=benchPackets(100000)
	for i:=range ps{tb.Update(&ps[i])}
	tot:=0; mx:=0
	for at,s:=range tb.index.slots{ if s.flow!=0{ d:=int((uint32(at)-s.tag)&tb.index.mask); tot+=d; if d>mx{mx=d}}}
	t.Log(float64(tot)/100000, mx, len(tb.index.slots), tb.stats)
}
