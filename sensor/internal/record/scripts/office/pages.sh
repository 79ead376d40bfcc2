#!/bin/bash
# pages.sh DIR TITLE COUNT: a small web site of COUNT articles.
set -eu
dir=$1 title=$2 count=$3
words=(network office market garden bridge river morning council report ticket engine season letter window summer winter train library paper signal harbour museum village student teacher market ladder)
article() {
	for _ in $(seq 40); do
		line=
		for _ in $(seq 14); do line+="${words[RANDOM % ${#words[@]}]} "; done
		echo "<p>$line</p>"
	done
}
mkdir -p "$dir"
echo 'body { font-family: serif; margin: 2em; } h1 { color: #333; }' >"$dir/style.css"
echo "document.title += ' - today';" >"$dir/site.js"
head -c 12000 /dev/urandom >"$dir/logo.png"
for n in $(seq "$count"); do
	{ echo "<html><head><title>$title $n</title><link rel=stylesheet href=/style.css></head><body><h1>$title</h1>"; article; echo '</body></html>'; } >"$dir/article$n.html"
done
cp "$dir/article1.html" "$dir/index.html"
