# A provider's switch: carries what comes from customer ports c1 and c2 over
# the port core, and back.
#   edge.sh KIND SELF PEER
kind=$1 self=$2 peer=$3
mkdir -p /run/openvswitch /var/log/openvswitch
ovsdb-tool create /run/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --remote=punix:/run/openvswitch/db.sock --detach --no-chdir --pidfile /run/openvswitch/conf.db
ovs-vsctl --no-wait init
ovs-vsctl --no-wait set Open_vSwitch . other_config:vlan-limit=2
ovs-vswitchd --detach --no-chdir --pidfile --log-file=/run/openvswitch/log
ip link set core mtu 1600

flow() { ovs-ofctl -O OpenFlow13 add-flow br-int "$1"; }
ovs-vsctl add-br br-int -- set bridge br-int datapath_type=netdev protocols=OpenFlow10,OpenFlow13
for port in c1 c2; do
	if [ -e "/sys/class/net/$port" ]; then ovs-vsctl add-port br-int "$port"; fi
done
ovs-ofctl -O OpenFlow13 del-flows br-int
case $kind in
vlan)
	ovs-vsctl add-port br-int core
	n=20
	for port in c1 c2; do
		flow "in_port=$port,actions=push_vlan:0x8100,set_field:$((n + 4096))->vlan_vid,output:core"
		flow "in_port=core,dl_vlan=$n,actions=pop_vlan,output:$port"
		n=$((n + 10))
	done
	;;
qinq)
	ovs-vsctl add-port br-int core
	n=100
	for port in c1 c2; do
		flow "in_port=$port,actions=push_vlan:0x8100,set_field:$((20 + 4096))->vlan_vid,push_vlan:0x88a8,set_field:$((n + 4096))->vlan_vid,output:core"
		ovs-ofctl add-flow br-int "in_port=core,dl_vlan=$n,actions=pop_vlan,pop_vlan,output:$port"
		n=$((n + 100))
	done
	;;
mpls)
	ovs-vsctl add-port br-int core
	flow "priority=1,in_port=c1,actions=output:core"
	flow "priority=1,in_port=core,actions=output:c1"
	flow "priority=5,in_port=c1,ip,actions=push_mpls:0x8847,set_field:1000->mpls_label,output:core"
	flow "priority=5,in_port=c1,ipv6,actions=push_mpls:0x8847,set_field:2000->mpls_label,push_mpls:0x8847,set_field:3000->mpls_label,output:core"
	flow "priority=5,in_port=core,mpls,mpls_label=1000,actions=pop_mpls:0x0800,output:c1"
	flow "priority=5,in_port=core,mpls,mpls_label=3000,actions=pop_mpls:0x8847,pop_mpls:0x86dd,output:c1"
	;;
*)
	# Tunnels end at an address of this switch; br-phy is its network card.
	ovs-vsctl add-br br-phy -- set bridge br-phy datapath_type=netdev -- add-port br-phy core
	ip addr add "172.16.0.$self/24" dev br-phy
	ip addr add "2001:db8:16::$self/64" dev br-phy nodad
	ip link set br-phy mtu 1600 up
	remote="172.16.0.$peer"
	if [ "$kind" = vxlan6 ]; then kind=vxlan remote="2001:db8:16::$peer"; fi
	key=100
	for port in c1 c2; do
		options="options:remote_ip=$remote options:key=$key"
		if [ "$kind" = erspan ]; then options="$options options:erspan_ver=1 options:erspan_idx=$key"; fi
		# shellcheck disable=SC2086 # options are words
		ovs-vsctl add-port br-int "t-$port" -- set interface "t-$port" type="$kind" $options
		flow "in_port=$port,actions=output:t-$port"
		flow "in_port=t-$port,actions=output:$port"
		key=$((key + 100))
	done
	# User-space tunnelling needs the neighbour's address before the first packet.
	for _ in 1 2 3; do ping -c 1 -W 1 "$remote" >/dev/null 2>&1 || true; done &
	;;
esac
