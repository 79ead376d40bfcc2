#!/bin/sh
# Process 1 of a host: gives it private copies of everything that the programs
# in it may write, then sleeps until the host's life is over.
#   boot.sh LAB NAME SECONDS
set -eu
lab=$1 name=$2 seconds=$3
mount --make-rprivate /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
hostname "$name"
for dir in /run /root /home /srv /var/log /var/spool /var/mail /var/cache /var/lib/samba /var/lib/misc /var/lib/nginx /var/lib/snmp /var/lib/bind; do
	[ -d "$dir" ] || continue # of a program that this scene does without
	mount -t tmpfs -o mode=755 tmpfs "$dir"
done
chmod 1777 /var/mail
mkdir -p /run/sshd /run/vsftpd/empty /run/named /run/samba /run/openvswitch /var/log/nginx /var/log/samba /home/anna /home/ben /home/carla /home/backup /home/guest
mkdir -p "$lab/$name.etc"
: >"$lab/$name.etc/resolv.conf"
mount --bind "$lab/$name.etc/resolv.conf" /etc/resolv.conf
# People of the office, with the one password that the brute force never finds.
cp /etc/passwd /etc/shadow /etc/group "$lab/$name.etc/"
uid=4001
for user in anna ben carla backup guest; do
	sed -i "/^$user:/d" "$lab/$name.etc/passwd" "$lab/$name.etc/shadow"
	echo "$user:x:$uid:4001::/home/$user:/bin/bash" >>"$lab/$name.etc/passwd"
	echo "$user:$(openssl passwd -6 -salt spanwatch winter-Sparrow-41):19000:0:99999:7:::" >>"$lab/$name.etc/shadow"
	chown "$uid:4001" "/home/$user"
	uid=$((uid + 1))
done
echo "office:x:4001:" >>"$lab/$name.etc/group"
mount --bind "$lab/$name.etc/passwd" /etc/passwd
mount --bind "$lab/$name.etc/shadow" /etc/shadow
mount --bind "$lab/$name.etc/group" /etc/group
sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 || true
ip link set lo up
touch "$lab/$name.ready"
exec sleep "$seconds"
