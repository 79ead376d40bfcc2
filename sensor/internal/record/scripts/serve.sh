# Sourced by the scripts that make a host a server.

# listening PORT [tcp|udp]: waits until something listens on the port.
listening() {
	for _ in $(seq 250); do
		ss -Hln --"${2:-tcp}" "sport = :$1" | grep -q . && return
		sleep 0.02
	done
	echo "nothing listens on $1/${2:-tcp}" >&2
	exit 1
}

# serving: tells the recorder that the host is ready, and stays.
serving() {
	touch "$LAB/$HOST.up"
	wait
}

# sshd_start: an SSH server with the host's own key and password login.
sshd_start() {
	ssh-keygen -q -t ed25519 -N '' -C "$HOST" -f /run/ssh_host_key
	/usr/sbin/sshd -f /dev/null -h /run/ssh_host_key -o UsePAM=no -o PasswordAuthentication=yes \
		-o MaxStartups=100 -o UseDNS=no -o "Subsystem=sftp internal-sftp" -o PidFile=/run/sshd.pid
	listening 22
}

# certificate NAME...: a key and a certificate signed by the lab's authority.
certificate() {
	local names
	names=$(printf 'DNS:%s,' "$@")
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 \
		-CA "$LAB/ca.pem" -CAkey "$LAB/ca.key" -subj "/O=Documentation/CN=$1" \
		-addext "subjectAltName=${names%,}" -keyout "/run/$1.key" -out "/run/$1.pem" 2>/dev/null
}
