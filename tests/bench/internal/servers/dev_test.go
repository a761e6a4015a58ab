package servers
import ("testing";"context";"time";"github.com/weft-sync/weft/tests/bench/internal/load";"fmt";"os";"os/exec";"strconv")
func TestFan(t *testing.T){
 bin := os.Getenv("WEFTBIN")
 for _,k:=range kinds("/work/main",bin)[:] {
  if w := os.Getenv("ONLY"); w != "" && w != k.name { continue }
  s,err:=k.start(context.Background()); if err!=nil {fmt.Println(err);continue}
  var c *exec.Cmd
  for i := range 2 {
   if i==1 && os.Getenv("PERF") != "" { c = exec.Command("sh","-c", "exec "+os.Getenv("PERF")+" -p "+strconv.Itoa(s.child.PID())); c.Stderr=os.Stderr; c.Stdout=os.Stdout; c.Start() }
   r,err:=load.FanOut(context.Background(), s.target, load.FanOutConfig{Room:fmt.Sprint("x",i),Seed:1,Members:100,Writers:5,Rate:20,Duration:8*time.Second,Together: os.Getenv("TOGETHER")!=""})
   if err!=nil{fmt.Println(err);break}
   fmt.Println(k.name,r.Sent, micros(r.ServerCPU)/float64(r.Delivered), r.P50, r.P99, micros(r.LoadCPU)/float64(r.Delivered), float64(r.Delivered)/float64(r.Frames))
  }
  if c != nil { c.Process.Signal(os.Interrupt); c.Wait() }
  s.stop()
 }
}
