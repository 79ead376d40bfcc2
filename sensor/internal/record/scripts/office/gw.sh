# The office's router: DHCP, router advertisements, DNS forwarder, time server.
. "$LAB/scripts/serve.sh"
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip addr add 10.20.0.1/24 dev eth0
ip addr add 2001:db8:20::1/64 dev eth0
ip addr add 192.0.2.1/24 dev wan0
ip addr add 2001:db8:ffff::1/64 dev wan0
ip route add default via 192.0.2.254
ip route add default via 2001:db8:ffff::254
cat >/run/dnsmasq.conf <<'CONF'
user=root
no-resolv
server=198.51.100.53
edns-packet-max=4096
domain=office.example
local=/office.example/
interface=eth0
bind-interfaces
dhcp-range=10.20.0.101,10.20.0.150,1h
dhcp-range=2001:db8:20::,ra-only
enable-ra
dhcp-leasefile=/run/leases
dhcp-authoritative
no-ping
host-record=gw.office.example,10.20.0.1,2001:db8:20::1
host-record=files.office.example,10.20.0.10,2001:db8:20::10
host-record=mail.office.example,10.20.0.11
host-record=intranet.office.example,10.20.0.12,2001:db8:20::12
host-record=wiki.office.example,10.20.0.12
host-record=nas.office.example,10.20.0.13
host-record=printer.office.example,10.20.0.20
mx-host=office.example,mail.office.example,10
CONF
# One large answer: a TXT record that needs three IP fragments (and, in a
# configuration file, a longer line than dnsmasq reads).
inventory=(
	"pc-01 desktop 2021 room 12 anna; pc-02 desktop 2021 room 12 ben; pc-03 notebook 2023 room 14 carla; spare notebook 2018 store room and battery weak and do not lend without asking first"
	"printer-01 floor 1 and toner ordered in March; printer-02 floor 2 and out of service; scanner-01 floor 1; projector-01 meeting room A and lamp 400 hours; projector-02 meeting room B and lamp replaced"
	"switch-01 48 ports rack 1; switch-02 24 ports rack 1; access points ap-01 to ap-04 floor 1 and ap-05 to ap-08 floor 2 and all on channel plan C since the move of the neighbours upstairs"
	"phones 201 to 214 desk and 220 meeting room A and 221 meeting room B and 230 reception and 240 lift emergency line tested monthly by the landlord and 250 fax line kept for the insurance people"
	"nas-01 eight bays six disks and raid level six and one spare in the drawer below; ups-01 batteries 2022 and runtime 14 minutes at full load measured in January by the electrician"
	"licences: office suite 25 seats and drawing program 3 seats floating and accounting 5 seats named and backup program site licence until the end of next year and remote support 2 seats concurrent"
)
inventory+=("${inventory[@]}")
text=$(printf ',%s' "${inventory[@]}")
dnsmasq -k -C /run/dnsmasq.conf "--txt-record=inventory.office.example$text" &
cat >/run/chrony.conf <<'CONF'
local stratum 3
allow 10.20.0.0/24
allow 2001:db8:20::/64
cmdport 0
pidfile /run/chronyd.pid
bindcmdaddress /
CONF
chronyd -x -d -u root -f /run/chrony.conf &
listening 53 udp
listening 123 udp
serving
