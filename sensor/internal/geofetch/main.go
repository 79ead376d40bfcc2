// Command geofetch fetches a free country database for people who have none:
// the npm package @ip-location-db/geo-whois-asn-country-mmdb, which its
// publisher dedicates to the public domain (CC0; it is made from the statistics
// of the regional registries, which ask to be named: nro.net).
//
// In: nothing. Out: .cache/geoip/geo-whois-asn-country.mmdb, and on standard
// output the way to use it. It needs npm, the client of the registry.
package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// What is fetched, and the file wanted from it.
const (
	packageName  = "@ip-location-db/geo-whois-asn-country-mmdb"
	databaseName = "geo-whois-asn-country.mmdb"
)

// maxDatabaseBytes bounds what is unpacked; the database has 8 MB.
const maxDatabaseBytes = 256 << 20

func main() {
	dir := flag.String("dir", filepath.Join(".cache", "geoip"), "`folder` to put the database in")
	flag.Parse()
	file, err := fetch(*dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "geofetch:", err)
		os.Exit(1)
	}
	fmt.Printf("%s\nuse it with: bin/spanwatch replay FILE --geoip %s\n", file, file)
}

// fetch packs the package into dir and unpacks the database beside it.
func fetch(dir string) (file string, err error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("npm is not installed (Debian: apt-get install npm); any country, city or ASN database in MaxMind format does as well: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	pack := exec.Command(npm, "pack", "--silent", packageName)
	pack.Dir = dir
	pack.Stderr = os.Stderr
	out, err := pack.Output()
	if err != nil {
		return "", fmt.Errorf("npm pack %s: %w", packageName, err)
	}
	archive := filepath.Join(dir, filepath.Base(strings.TrimSpace(string(out))))
	defer func() { err = errors.Join(err, os.Remove(archive)) }()
	file = filepath.Join(dir, databaseName)
	return file, unpack(archive, file)
}

// unpack writes the database of a package archive to file. The file appears
// when it is whole: a running sensor may be watching it.
func unpack(archive, file string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	for entries := tar.NewReader(unzipped); ; {
		entry, err := entries.Next()
		if err != nil {
			return fmt.Errorf("%s: no whole %s in it: %w", archive, databaseName, err)
		}
		if path.Base(entry.Name) != databaseName {
			continue
		}
		if entry.Size > maxDatabaseBytes {
			return fmt.Errorf("%s: %s has %d bytes, more than %d", archive, databaseName, entry.Size, maxDatabaseBytes)
		}
		data, err := io.ReadAll(entries)
		if err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
		if err := os.WriteFile(file+".new", data, 0o644); err != nil {
			return err
		}
		return os.Rename(file+".new", file)
	}
}
