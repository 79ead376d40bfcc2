#!/bin/bash
# ftp.sh ADDRESS DIR: an FTP server for the lab's users, files in DIR.
set -eu
mkdir -p "$2"
chmod 777 "$2"
cat >/run/vsftpd.conf <<CONF
listen=YES
listen_address=$1
background=NO
anonymous_enable=YES
anon_root=$2
anon_upload_enable=YES
anon_umask=022
no_anon_password=YES
allow_writeable_chroot=YES
write_enable=YES
local_enable=YES
local_root=$2
seccomp_sandbox=NO
isolate_network=NO
secure_chroot_dir=/run/vsftpd/empty
pasv_min_port=40000
pasv_max_port=40050
CONF
exec vsftpd /run/vsftpd.conf
