package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// tools are the programs that scenes need and the Debian packages with them.
var tools = []struct{ program, debian string }{
	{"arping", "arping"},
	{"chronyd", "chrony"},
	{"curl", "curl"},
	{"dig", "bind9-dnsutils"},
	{"dnsmasq", "dnsmasq-base"},
	{"dumpcap", "wireshark-common"},
	{"ethtool", "ethtool"},
	{"exim4", "exim4-daemon-light"},
	{"ip", "iproute2"},
	{"named", "bind9"},
	{"ncat", "ncat"},
	{"nft", "nftables"},
	{"nginx", "nginx-light"},
	{"nmap", "nmap"},
	{"ntpdig", "ntpsec-ntpdig"},
	{"openssl", "openssl"},
	{"ovs-vswitchd", "openvswitch-switch"},
	{"ping", "iputils-ping"},
	{"reordercap", "wireshark-common"},
	{"smbclient", "smbclient"},
	{"smbd", "samba"},
	{"snmpd", "snmpd"},
	{"snmpget", "snmp"},
	{"socat", "socat"},
	{"sshd", "openssh-server"},
	{"sshpass", "sshpass"},
	{"swaks", "swaks"},
	{"tcpdump", "tcpdump"},
	{"tracepath", "iputils-tracepath"},
	{"traceroute", "traceroute"},
	{"udhcpc", "udhcpc"},
	{"vsftpd", "vsftpd"},
	{"/usr/lib/usrsctp/tsctp", "libusrsctp-examples"},
	{"/usr/share/doc/libnet-ssleay-perl", "libnet-ssleay-perl"},
}

// checkTools looks for the programs, and installs what is missing if it may.
func checkTools(install bool) error {
	var missing []string
	for _, t := range tools {
		found := func() bool {
			if strings.HasPrefix(t.program, "/") {
				_, err := os.Stat(t.program)
				return err == nil
			}
			_, err := exec.LookPath(t.program)
			return err == nil
		}
		if !found() {
			missing = append(missing, t.debian)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	argv := append([]string{"apt-get", "install", "-y", "--no-install-recommends"}, missing...)
	if !install {
		return fmt.Errorf("programs are missing; run with -install, or: %s", strings.Join(argv, " "))
	}
	fmt.Println("installing for the scenes:", strings.Join(missing, " "))
	if err := command("apt-get", "update", "-q"); err != nil {
		return err
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
	}
	return nil
}
