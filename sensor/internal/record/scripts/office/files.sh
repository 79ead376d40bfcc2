# The file server: SMB share, FTP, SSH.
. "$LAB/scripts/serve.sh"
bash "$LAB/scripts/office/address.sh" 10
cat >/run/smb.conf <<'CONF'
[global]
	server role = standalone server
	workgroup = OFFICE
	netbios name = FILES
	log file = /var/log/samba/log
	private dir = /run/samba
	state directory = /run/samba
	cache directory = /run/samba
	lock directory = /run/samba
	pid directory = /run/samba
	map to guest = Bad User
	disable netbios = yes
	smb ports = 445
	disable spoolss = yes
	load printers = no
[projects]
	path = /srv/projects
	read only = no
CONF
mkdir -p /srv/projects /srv/ftp
chmod 777 /srv/projects
head -c 60000 /dev/urandom | base64 >/srv/projects/plan.txt
(echo winter-Sparrow-41; echo winter-Sparrow-41) | smbpasswd -s -c /run/smb.conf -a anna
smbd -F --no-process-group -s /run/smb.conf &
bash "$LAB/scripts/office/ftp.sh" 10.20.0.10 /srv/ftp &
sshd_start
head -c 1300000 /dev/urandom >/home/backup/night.tar
chmod 755 /home/backup
listening 445
listening 21
serving
