//go:build !linux

package main

// yieldThread does nothing: priorities are those of whole processes here.
func yieldThread() {}
