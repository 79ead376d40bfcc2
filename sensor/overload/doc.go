// Package overload decides what inspection a sensor gives up while it cannot
// keep up, so that it keeps counting every frame and inspecting every new flow.
//
//	ring fill, lag, kernel drops ─► Policy.Observe ─► Shed: what the next frames are spared
//
//	level 0   nothing is shed
//	level 1   flows that are encrypted or beyond their stream depth, and elephants:
//	          flows of Config.ElephantBytes and more
//	level n   the same with a quarter of the bytes of level n-1, down to
//	          Config.FloorBytes: so much of each flow is always inspected
//
// The level rises by one when a step has passed and the sensor is still behind,
// and falls by one when it has kept up for Config.Hold. Between the thresholds
// that start and those that stop it, it stays: that is the hysteresis. A flow
// that was shed stays so, because a stream cannot be taken up again in its
// middle; flows are counted to their end all the same.
//
// Nothing here asks the clock: time comes with the signal. One goroutine owns a
// Policy.
package overload
