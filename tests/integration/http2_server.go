// An OTLP/HTTP server with TLS that offers HTTP/2, for replay_network_test.py:
//
//	http2_server CERT_FILE KEY_FILE
//
// Its port is the first line on standard output; each request adds one, of its protocol and the size of its body.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	handler := func(answer http.ResponseWriter, request *http.Request) {
		size, err := io.Copy(io.Discard, request.Body)
		if err != nil {
			log.Print(err)
			return
		}
		answer.Header().Set("Content-Type", "application/x-protobuf")
		fmt.Println(request.Proto, size)
	}
	log.Fatal(http.ServeTLS(listener, http.HandlerFunc(handler), os.Args[1], os.Args[2]))
}
