// Command spanwatch is a network sensor that a NOC and a SOC can share.
package main

func main() {}
