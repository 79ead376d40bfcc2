# The mail server.
. "$LAB/scripts/serve.sh"
bash "$LAB/scripts/office/address.sh" 11
certificate mail.office.example
bash "$LAB/scripts/office/exim.sh" mail.office.example office.example 10.20.0.11 tls &
listening 25
serving
