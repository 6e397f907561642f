// A receiver of newline-delimited JSON over TCP, of the standard library alone: every line is checked by json.Unmarshal and
// appended to a gzip file (level 1) that is exchanged for a new one at 5 MB. It answers nothing and syncs nothing.
//
//	usage: ingestor FOLDER
//
// It says {"listening": port}, and closes a connection once all that came over it has been written.
package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
)

const (
	rotateBytes = 5_000_000
	chunkBytes  = 64 * 1024
)

type entry struct {
	Timestamp string `json:"timestamp"`
	Level     string `json:"level"`
	Service   string `json:"service"`
	Host      string `json:"host"`
	Message   string `json:"message"`
	UserID    string `json:"user_id"`
	Session   string `json:"session"`
	RequestID string `json:"request_id"`
	Ms        int    `json:"ms"`
	N         int    `json:"n"`
}

// output is a series of gzip files that all connections write to.
type output struct {
	mutex   sync.Mutex
	folder  string
	files   int
	file    *os.File
	buffer  *bufio.Writer
	packer  *gzip.Writer
	written int64
}

// Write counts what goes to the current file; gzip calls it.
func (out *output) Write(data []byte) (int, error) {
	out.written += int64(len(data))
	return out.buffer.Write(data)
}

func (out *output) append(lines []byte) error {
	out.mutex.Lock()
	defer out.mutex.Unlock()
	if out.file == nil {
		if err := out.open(); err != nil {
			return err
		}
	}
	if _, err := out.packer.Write(lines); err != nil {
		return err
	}
	if out.written < rotateBytes {
		return nil
	}
	return out.close()
}

func (out *output) open() (err error) {
	out.files++
	name := filepath.Join(out.folder, fmt.Sprintf("logs_%06d.jsonl.gz", out.files))
	if out.file, err = os.Create(name); err != nil {
		return err
	}
	out.written = 0
	out.buffer = bufio.NewWriterSize(out.file, 256*1024)
	if out.packer != nil {
		out.packer.Reset(out)
		return nil
	}
	out.packer, err = gzip.NewWriterLevel(out, gzip.BestSpeed)
	return err
}

func (out *output) close() error {
	if out.file == nil {
		return nil
	}
	if err := out.packer.Close(); err != nil {
		return err
	}
	if err := out.buffer.Flush(); err != nil {
		return err
	}
	err := out.file.Close()
	out.file = nil
	return err
}

// serve appends the lines that are entries in chunks, so that connections seldom wait for each other.
func serve(connection net.Conn, out *output) error {
	defer connection.Close()
	reader := bufio.NewReaderSize(connection, 256*1024)
	chunk := make([]byte, 0, 2*chunkBytes)
	for {
		line, err := reader.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			return out.append(chunk)
		}
		if err != nil {
			return err
		}
		var parsed entry
		if err := json.Unmarshal(line, &parsed); err != nil {
			return err
		}
		chunk = append(chunk, line...)
		if len(chunk) >= chunkBytes || reader.Buffered() == 0 {
			if err := out.append(chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
	}
}

func main() {
	out := &output{folder: os.Args[1]}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				log.Fatal(err)
			}
			go func() {
				if err := serve(connection, out); err != nil {
					log.Fatal(err)
				}
			}()
		}
	}()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	fmt.Printf("{\"listening\": %d}\n", listener.Addr().(*net.TCPAddr).Port)
	<-stop
	out.mutex.Lock()
	if err := out.close(); err != nil {
		log.Fatal(err)
	}
}
