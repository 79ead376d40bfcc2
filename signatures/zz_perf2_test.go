package signatures
import ("testing";"fmt";"runtime";"runtime/pprof";"os"
"spanwatch/signatures/prefilter")
func TestMem(t *testing.T){
 text:=etOpen(t)
 rs,_:=Load([]Source{{Name:"et",Text:text}},Options{Prefilter: prefilter.Options{}})
 text=nil
 runtime.GC(); runtime.GC(); var m runtime.MemStats; runtime.ReadMemStats(&m); fmt.Println("heap",m.HeapInuse>>20,"alloc",m.HeapAlloc>>20)
 f,_:=os.Create("/tmp/sigwork/heap.prof"); pprof.WriteHeapProfile(f); f.Close()
 for c:=range classCount { for d:=range 2 { g:=rs.packets[c][d]; fmt.Print("class ",c," dir ",d," groups ",len(g.groups),": ")
  for _,x:=range g.groups { n,k:=0,0; if x.packet!=nil {n=x.packet.Patterns()}; if x.stream!=nil {k=x.stream.Patterns()}; fmt.Print(n,"/",k,"/",len(x.always)," ") }; fmt.Println() } }
 n:=0; for p,bd:=range rs.transactions { for d:=range bd { k:=0; for _,b:=range bd[d].buffers { k+=b.matcher.Patterns() }; n+=k; fmt.Println(p,d,"buffers",len(bd[d].buffers),"patterns",k,"always",len(bd[d].always),"sigs",len(bd[d].sigs)) } }
 fmt.Println(n)
}
