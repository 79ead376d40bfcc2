package bpf
import ("testing";"fmt";"errors";"os";"github.com/cilium/ebpf")
func TestTry(t *testing.T){
 for _,f:=range []string{"/tmp/account.o","/tmp/account_lru.o"}{
 s,err:=ebpf.LoadCollectionSpec(f); if err!=nil{t.Fatal(err)}
 for _,n:=range []uint8{0,4}{
 s.Variables["max_depth"].Set(n)
 s.Variables["has_frags"].Set(uint8(1))
 s.Variables["dedup_window"].Set(uint64(n))
 c,err:=ebpf.NewCollectionWithOptions(s,ebpf.CollectionOptions{Programs:ebpf.ProgramOptions{LogLevel:ebpf.LogLevelStats,LogSizeStart:1<<20}})
 var ve *ebpf.VerifierError
 if errors.As(err,&ve){ os.WriteFile("/tmp/try/log",[]byte(fmt.Sprintf("%+v",ve)),0644); l:=ve.Log; if len(l)>40{l=l[len(l)-40:]}; for _,x:=range l{fmt.Println(x)}; t.Fatal("ver",f,n)}
 if err!=nil{t.Fatal(err)}
 for k,p:=range c.Programs{ l:=p.VerifierLog; if len(l)>200{l=l[len(l)-200:]}; fmt.Println(f,n,k,l)}
 }}
}
