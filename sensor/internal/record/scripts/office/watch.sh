# The backup server's daily work: polls the others, fetches the backup.
for round in 1 2 3; do
	snmpwalk -v2c -c office 10.20.0.12 1.3.6.1.2.1.1
	snmpbulkwalk -v2c -c office 10.20.0.20 1.3.6.1.2.1.2
	snmpget -v3 -l authPriv -u monitor -a SHA -A monitor-Pass-9 -x AES -X monitor-Priv-9 10.20.0.12 1.3.6.1.2.1.1.3.0
	for peer in 10 11 12 20; do ping -c 1 -W 1 "10.20.0.$peer"; done
	if [ "$round" = 2 ]; then
		sshpass -p winter-Sparrow-41 scp -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null backup@10.20.0.10:night.tar /run/night.tar
	fi
	ping -c 1 -s 4000 10.20.0.10
	ntpdig 10.20.0.1 || true
	sleep 12
done
arping -c 2 -I eth0 10.20.0.1
