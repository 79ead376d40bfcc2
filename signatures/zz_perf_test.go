package signatures
import ("testing";"time";"runtime";"fmt";"os";"strings"
"spanwatch/signatures/prefilter"; "syscall")
func cpu() time.Duration { var r syscall.Rusage; syscall.Getrusage(0,&r); return time.Duration(r.Utime.Nano()+r.Stime.Nano()) }
func rss() string { b,_:=os.ReadFile("/proc/self/status"); for _,l:=range strings.Split(string(b),"\n") { if strings.HasPrefix(l,"VmRSS")||strings.HasPrefix(l,"VmHWM") { fmt.Print(l,"; ") } }; fmt.Println(); return "" }
func TestPerf(t *testing.T){
 text:=etOpen(t); runtime.GC(); rss()
 dir:=t.TempDir()
 for _,n:=range []string{"cold","warm"} {
 c:=cpu(); w:=time.Now()
 rs,_:=Load([]Source{{Name:"et",Text:text}},Options{Prefilter: prefilter.Options{CacheDir:dir}})
 fmt.Println(n,"load cpu",cpu()-c,"wall",time.Since(w)); rss()
 c=cpu(); w=time.Now(); rs.Prepare(); fmt.Println(n,"prepare cpu",cpu()-c,"wall",time.Since(w))
 runtime.GC(); var m runtime.MemStats; runtime.ReadMemStats(&m); fmt.Println("heap",m.HeapInuse>>20,"MiB", fmt.Sprintf("%+v",rs.prefilterReport())); rss()
 runtime.KeepAlive(rs)
 }
 es,_:=os.ReadDir(dir); var sz int64; for _,e:=range es {i,_:=e.Info(); sz+=i.Size()}; fmt.Println("cache files",len(es),sz>>20,"MiB")
}
