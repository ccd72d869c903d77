// Command hospital-site only says that it is alive, until its pages are built.
package main

import (
	"io"
	"net/http"

	"github.com/aws/aws-lambda-go/lambda"

	"jixu/internal/gateway"
	"jixu/internal/logging"
)

func main() {
	logging.Start("hospital-site")
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hospital-site "+r.Method+" "+r.URL.Path+"\n")
	})
	lambda.Start(logging.Each(gateway.Handle(mux)))
}
