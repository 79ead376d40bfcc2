package config

import "time"

// Overload configures package overload.
type Overload struct {
	Enabled       bool          `yaml:"enabled" doc:"Shed inspection of encrypted flows, of flows beyond their stream depth and of elephants while the sensor is behind: never of new flows, and never the counting."`
	StartFill     int           `yaml:"start-fill" doc:"Percent of the capture ring that wait to be read beyond which the sensor is behind." min:"1" max:"100"`
	StopFill      int           `yaml:"stop-fill" doc:"Percent of the ring below which it keeps up again." min:"1" max:"100"`
	StartLag      time.Duration `yaml:"start-lag" doc:"Age of the frames under work beyond which the sensor is behind." min:"100ms" max:"1m"`
	StopLag       time.Duration `yaml:"stop-lag" doc:"Age below which it keeps up again." min:"60ms" max:"1m"`
	Step          time.Duration `yaml:"step" doc:"How long a level of shedding is given to help before the next one." min:"10ms" max:"1m"`
	Hold          time.Duration `yaml:"hold" doc:"How long the sensor must have kept up before it sheds less." min:"100ms" max:"1h"`
	ElephantBytes ByteSize      `yaml:"elephant-bytes" doc:"Size of the flows that the first level sheds; each further level takes a quarter." min:"1024"`
	FloorBytes    ByteSize      `yaml:"floor-bytes" doc:"So much of every flow is inspected whatever the level." min:"1024"`
}

func defaultOverload() Overload {
	return Overload{
		Enabled: true, StartFill: 50, StopFill: 10, StartLag: time.Second, StopLag: 250 * time.Millisecond,
		Step: 200 * time.Millisecond, Hold: 5 * time.Second, ElephantBytes: 4 << 20, FloorBytes: 64 << 10,
	}
}
