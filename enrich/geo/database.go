package geo

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/oschwald/geoip2-golang/v2"
	"github.com/oschwald/maxminddb-golang/v2"
)

// maxFileSize bounds what is read into memory for one database, in bytes.
const maxFileSize = 2 << 30

// kind is what a database tells.
type kind uint8

const (
	kindCity kind = iota
	kindCountry
	kindASN
	numKinds
)

// String is the metric label.
func (k kind) String() string {
	return [...]string{"city", "country", "asn"}[k]
}

// errUnused marks a sound database of a type that has nothing for us.
var errUnused = errors.New("database type is not used: want a City, Country, Enterprise, ASN or ISP database")

// database is one file, held in memory: a file that is replaced or truncated
// under us must not fault a look-up, as a memory map would.
type database struct {
	reader *maxminddb.Reader
	// typed reads the record layouts of MaxMind and DB-IP; nil for flat ones.
	typed *geoip2.Reader
	path  string
	kind  kind
	built time.Time
}

// openDatabase reads a file.
func openDatabase(path string) (*database, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFileSize {
		return nil, fmt.Errorf("%s: want a regular file of at most %d bytes, got %v of %d bytes", path, int64(maxFileSize), info.Mode(), info.Size())
	}
	content := make([]byte, info.Size())
	if _, err := io.ReadFull(f, content); err != nil {
		return nil, fmt.Errorf("%s: the file changed while it was read: %w", path, err)
	}
	return newDatabase(path, content)
}

func newDatabase(path string, content []byte) (*database, error) {
	reader, err := maxminddb.OpenBytes(content)
	if err != nil {
		return nil, fmt.Errorf("%s: not a MaxMind DB file: %w", path, err)
	}
	d := &database{reader: reader, path: path, built: reader.Metadata.BuildTime()}
	switch name := strings.ToLower(reader.Metadata.DatabaseType); {
	case strings.Contains(name, "enterprise"): // before ISP: DB-IP's names hold both words
		d.kind = kindCity
	case strings.Contains(name, "asn"): // before location, as in ip-location-db-ASN
		d.kind = kindASN
	case strings.Contains(name, "city"), strings.Contains(name, "location"):
		d.kind = kindCity
	case strings.Contains(name, "isp"):
		d.kind = kindASN
	case strings.Contains(name, "country"):
		d.kind = kindCountry
	default:
		return nil, fmt.Errorf("%s: type %q: %w", path, reader.Metadata.DatabaseType, errUnused)
	}
	var unknown geoip2.UnknownDatabaseTypeError
	if d.typed, err = geoip2.OpenBytes(content); errors.As(err, &unknown) {
		d.typed = nil // a flat layout, such as ip-location-db's
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// knows reports whether the database covers the address's family at all.
func (d *database) knows(addr netip.Addr) bool {
	return d.reader.Metadata.IPVersion == 6 || addr.Is4()
}

// flatPlace is the record of ip-location-db's files.
type flatPlace struct {
	CountryCode string   `maxminddb:"country_code"`
	City        string   `maxminddb:"city"`
	Latitude    *float64 `maxminddb:"latitude"`
	Longitude   *float64 `maxminddb:"longitude"`
}

// flatAS is the record of ASN files, whatever their type is called.
type flatAS struct {
	Number       uint32 `maxminddb:"autonomous_system_number"`
	Organization string `maxminddb:"autonomous_system_organization"`
}

// place decodes what was found for addr; nil when the record holds nothing.
func (d *database) place(addr netip.Addr, found maxminddb.Result, names *countries) (*Place, error) {
	p := &Place{}
	var latitude, longitude *float64
	switch {
	case d.typed == nil:
		var r flatPlace
		if err := found.Decode(&r); err != nil {
			return nil, err
		}
		p.CountryCode, p.City, latitude, longitude = r.CountryCode, r.City, r.Latitude, r.Longitude
	case d.kind == kindCity:
		r, err := d.typed.City(addr)
		if err != nil {
			return nil, err
		}
		p.CountryCode, p.CountryName, p.City = r.Country.ISOCode, r.Country.Names.English, r.City.Names.English
		latitude, longitude = r.Location.Latitude, r.Location.Longitude
	default:
		r, err := d.typed.Country(addr)
		if err != nil {
			return nil, err
		}
		p.CountryCode, p.CountryName = r.Country.ISOCode, r.Country.Names.English
	}
	if p.CountryCode == "ZZ" { // ISO 3166 user-assigned: unknown
		p.CountryCode = ""
	}
	if p.CountryName == "" {
		p.CountryName = names.name(p.CountryCode)
	}
	if latitude != nil && longitude != nil && *latitude >= -90 && *latitude <= 90 && *longitude >= -180 && *longitude <= 180 {
		// Files without a position for an address write 0, 0.
		if *latitude != 0 || *longitude != 0 {
			p.Latitude, p.Longitude, p.HasPoint = *latitude, *longitude, true
		}
	}
	if p.CountryCode == "" && p.City == "" && !p.HasPoint {
		return nil, nil
	}
	return p, nil
}

// system decodes what was found for addr; nil when the record holds nothing.
func (d *database) system(addr netip.Addr, found maxminddb.Result) (*AS, error) {
	if d.typed != nil {
		r, err := d.typed.ASN(addr)
		if err != nil || r.AutonomousSystemNumber == 0 {
			return nil, err
		}
		return &AS{Number: uint32(r.AutonomousSystemNumber), Organization: r.AutonomousSystemOrganization}, nil
	}
	var r flatAS
	if err := found.Decode(&r); err != nil || r.Number == 0 {
		return nil, err
	}
	return &AS{Number: r.Number, Organization: r.Organization}, nil
}
