# A printer: raw printing on port 9100, SNMP, a status page.
. "$LAB/scripts/serve.sh"
bash "$LAB/scripts/office/address.sh" 20
ncat --listen --keep-open 9100 >/run/printed &
bash "$LAB/scripts/office/snmp.sh" "printer, corridor" &
listening 9100
listening 161 udp
serving
