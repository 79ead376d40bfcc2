package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestReadyzSaysWhatIsWrong feeds a capture through a pipe that stays open, so
// that the sensor is at work while it is asked.
func TestReadyzSaysWhatIsWrong(t *testing.T) {
	data, err := os.ReadFile(office)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.rules")
	if err := os.WriteFile(broken, []byte("alert nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"all is well": {nil, 200, "ready"},
		"a sink fails": {[]string{"--set", "output.socket.path=/absent/socket", "--set", "output.socket.give-up-after=50ms"}, 503,
			"sink socket fails: socket: dial unix /absent/socket"},
		"no rule loads": {[]string{"-r", broken}, 503, "no rule is loaded"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			addr := l.Addr().String()
			l.Close()
			cmd := program(t.Context(), append([]string{"replay", "-", "-o", t.TempDir(), "--quiet", "--listen", addr}, c.args...)...)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				in.Close()
				_ = cmd.Wait()
			}()
			go func() { _, _ = in.Write(data[:len(data)*9/10]) }()
			last := ""
			for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
				status, body, err := ask("http://" + addr + "/readyz")
				last = fmt.Sprint(status, " ", body, err)
				if status == c.status && strings.Contains(body, c.says) {
					if status, _, err := ask("http://" + addr + "/healthz"); status != 200 {
						t.Errorf("/healthz: %d, %v", status, err)
					}
					return
				}
			}
			t.Errorf("/readyz never said %d %q, but %s", c.status, c.says, last)
		})
	}
}

func ask(url string) (status int, body string, err error) {
	resp, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}
