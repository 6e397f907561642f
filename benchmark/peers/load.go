// A client of ingestor.go: makes up entries as fast as it can, of the same shape as `logferry generate` makes, and sends
// them as newline-delimited JSON, uncompressed.
//
//	usage: load PORT SECONDS SEED
//
// It ends once the receiver has closed the connection, and says what it sent.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"os"
	"strconv"
	"time"
)

const (
	// Entries that are made between two looks at the clock; they have the same time.
	atOnce       = 256
	openSessions = 50
	// Entries of a session, on average.
	sessionEntries = 12
	users          = 10_000
	hosts          = 4
)

type step struct{ level, service, message string }

// What happens, each as often as it stands here.
var steps = []step{
	{"INFO", "catalog", "page served"},
	{"INFO", "catalog", "page served"},
	{"INFO", "catalog", "page served"},
	{"DEBUG", "catalog", "cache missed"},
	{"DEBUG", "catalog", "cache missed"},
	{"INFO", "search", "search served"},
	{"INFO", "orders", "put into the cart"},
	{"INFO", "orders", "put into the cart"},
	{"INFO", "orders", "order placed"},
	{"DEBUG", "payments", "charge requested"},
	{"INFO", "payments", "payment approved"},
	{"INFO", "worker", "receipt sent"},
	{"INFO", "auth", "login succeeded"},
	{"INFO", "auth", "logged out"},
	{"WARN", "catalog", "page was slow"},
	{"ERROR", "payments", "payment declined"},
}

type session struct {
	host, user, token string
	left              int
}

func newSession(random *rand.Rand) session {
	return session{
		host:  fmt.Sprintf("node-%d", 1+random.Intn(hosts)),
		user:  fmt.Sprintf("u%04d", random.Intn(users)),
		token: fmt.Sprintf("%08x", random.Uint32()),
		left:  1 + random.Intn(2*sessionEntries-1),
	}
}

type maker struct {
	random   *rand.Rand
	sessions [openSessions]session
	entries  int64
}

func (from *maker) appendEntry(line []byte, timestamp string) []byte {
	open := &from.sessions[from.random.Intn(openSessions)]
	if open.left == 0 {
		*open = newSession(from.random)
	}
	open.left--
	from.entries++
	done := &steps[from.random.Intn(len(steps))]
	line = append(line, `{"timestamp":"`...)
	line = append(line, timestamp...)
	line = append(line, `","level":"`...)
	line = append(line, done.level...)
	line = append(line, `","service":"`...)
	line = append(line, done.service...)
	line = append(line, `","host":"`...)
	line = append(line, open.host...)
	line = append(line, `","message":"`...)
	line = append(line, done.message...)
	line = append(line, `","user_id":"`...)
	line = append(line, open.user...)
	line = append(line, `","session":"`...)
	line = append(line, open.token...)
	line = append(line, `","request_id":"`...)
	line = appendHex(line, from.random.Uint32())
	line = append(line, `","ms":`...)
	line = strconv.AppendInt(line, int64(from.random.Intn(300)), 10)
	line = append(line, `,"n":`...)
	line = strconv.AppendInt(line, from.entries, 10)
	return append(line, "}\n"...)
}

func appendHex(line []byte, value uint32) []byte {
	for shift := 28; shift >= 0; shift -= 4 {
		line = append(line, "0123456789abcdef"[value>>shift&15])
	}
	return line
}

func number(text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	port, seconds := os.Args[1], number(os.Args[2])
	source := maker{random: rand.New(rand.NewSource(number(os.Args[3])))}
	connection, err := net.Dial("tcp", "127.0.0.1:"+port)
	check(err)
	writer := bufio.NewWriterSize(connection, 256*1024)
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	var bytes int64
	var line []byte
	for now := time.Now(); now.Before(end); now = time.Now() {
		timestamp := now.UTC().Format("2006-01-02T15:04:05.000Z")
		for made := 0; made < atOnce; made++ {
			line = source.appendEntry(line[:0], timestamp)
			bytes += int64(len(line))
			_, err := writer.Write(line)
			check(err)
		}
	}
	check(writer.Flush())
	check(connection.(*net.TCPConn).CloseWrite())
	_, err = io.Copy(io.Discard, connection)
	check(err)
	fmt.Printf("{\"entries\": %d, \"bytes\": %d}\n", source.entries, bytes)
}
