// Go as a server of the benchmarks: peer WORK WIRE WHERE, with GOMAXPROCS=1 in its environment.
//
// WORK streams or http, WIRE tcp, tls or unix, WHERE a port or a path. Prints READY, where it listens and what it is.
// A goroutine for each connection; Go sets TCP_NODELAY by itself.
package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
)

const chunk = 32 * 1024 // what io.Copy takes

func echo(connection net.Conn) {
	defer connection.Close()
	buffer := make([]byte, chunk)
	for {
		n, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err := connection.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func hello(response http.ResponseWriter) {
	response.Header().Set("Content-Type", "text/plain")
	response.Write([]byte("Hello, World!"))
}

func listen(wire, where string) (net.Listener, error) {
	if wire == "unix" {
		return net.Listen("unix", where)
	}
	if wire == "tls" {
		pair, err := tls.LoadX509KeyPair(os.Getenv("BENCH_CERT"), os.Getenv("BENCH_KEY"))
		if err != nil {
			return nil, err
		}
		return tls.Listen("tcp", "127.0.0.1:"+where, &tls.Config{Certificates: []tls.Certificate{pair}})
	}
	return net.Listen("tcp", "127.0.0.1:"+where)
}

func main() {
	work, wire, where := os.Args[1], os.Args[2], os.Args[3]
	listener, err := listen(wire, where)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	address := where
	if wire != "unix" {
		address = fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
	}
	fmt.Printf("READY %s %s, GOMAXPROCS=%d\n", address, runtime.Version(), runtime.GOMAXPROCS(0))
	if work == "http" {
		files := http.FileServer(http.Dir(os.Getenv("BENCH_FILES")))
		http.Serve(listener, http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
			if request.URL.Path == "/" {
				hello(response)
			} else {
				files.ServeHTTP(response, request)
			}
		}))
		return
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go echo(connection)
	}
}
