# The backup server, which also watches the others.
. "$LAB/scripts/serve.sh"
bash "$LAB/scripts/office/address.sh" 13
sshd_start
serving
