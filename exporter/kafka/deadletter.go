package kafka

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"spanwatch/exporter"
)

// errTooLarge is the reason in notes about records beyond MaxRecordBytes.
var errTooLarge = errors.New("record too large")

// letter is the value of a dead letter: enough to find the event elsewhere and
// to know that it is missing here.
type letter struct {
	EventType string `json:"event_type"`
	EventID   string `json:"event_id"`
	Sensor    string `json:"sensor,omitempty"`
	Topic     string `json:"topic"`
	Error     string `json:"error"`
	Bytes     int    `json:"bytes"`
	SHA256    string `json:"sha256"`
}

// deadLetter queues a note about r. Notes that find no place are counted.
func (s *Sink) deadLetter(l *lane, r *exporter.Record, why error) {
	if l == s.letters || len(s.waiting) >= maxLetters {
		s.dead.Dropped++
		return
	}
	if why == nil {
		why = errTooLarge
	}
	sum := sha256.Sum256(r.Body)
	body, err := json.Marshal(letter{
		EventType: r.Type.String(), EventID: r.ID.String(), Sensor: s.cfg.Sensor, Topic: l.topic.name,
		Error: why.Error(), Bytes: len(r.Body), SHA256: hex.EncodeToString(sum[:]),
	})
	if err != nil { // strings and a number: cannot be
		s.dead.Dropped++
		return
	}
	key := append([]byte(nil), r.Key...)
	s.waiting = append(s.waiting, exporter.Record{Type: r.Type, Time: r.Time, ID: r.ID, Key: key, Body: body})
}

// sendLetters starts a flight of the notes that wait.
func (s *Sink) sendLetters() {
	if len(s.waiting) == 0 || s.letters.flight != nil {
		return
	}
	s.letters.flight = &flight{records: s.waiting, fates: make([]fate, len(s.waiting)), open: len(s.waiting), parked: true}
	s.waiting = nil
}
