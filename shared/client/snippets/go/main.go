// Publishes one submission and waits for its verdict.
//
//	go run . pdx311.json submission.json
//
// Exit code (of the built program; `go run` turns all but 0 into 1): 0 accepted or duplicate, 3 redirected, 4 rejected,
// 5 quarantined, 6 no answer in 30 s, 7 refused by the broker.
package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

const (
	noAnswer = 6
	refused  = 7
)

var exitCodes = map[string]int{"accepted": 0, "duplicate": 0, "redirected": 3, "rejected": 4, "quarantined": 5}

func main() {
	var credentials map[string]string
	read(os.Args[1], &credentials)
	var submission map[string]any
	read(os.Args[2], &submission)
	os.Exit(publish(credentials, submission))
}

func publish(credentials map[string]string, submission map[string]any) int {
	source := credentials["source"]
	if submission["submission_id"] == nil {
		submission["submission_id"] = newID()
	}
	key := fmt.Sprint(submission["submission_id"])
	eventID := newID()
	value, err := json.Marshal(submission)
	check(err)
	record := &kgo.Record{Topic: "city.submissions." + source + ".v1", Key: []byte(key), Value: value}
	for name, text := range map[string]string{
		"ce_specversion": "1.0",
		"ce_id":          eventID,
		"ce_source":      "/city/" + source,
		"ce_type":        "city.submission.submitted.v1",
		"ce_time":        time.Now().UTC().Format(time.RFC3339Nano),
		"ce_subject":     key,
		"content-type":   "application/json",
	} {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(text)})
	}

	// Verdicts from a minute ago on; ours is told apart by its ce_causationid.
	recently := kgo.NewOffset().AfterMilli(time.Now().Add(-time.Minute).UnixMilli())
	results := "city.results." + source + ".v1"
	options := []kgo.Opt{
		kgo.SeedBrokers(strings.Split(credentials["bootstrap.servers"], ",")...),
		kgo.SASL(scram.Auth{User: credentials["sasl.username"], Pass: credentials["sasl.password"]}.AsSha512Mechanism()),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{results: {0: recently}}),
	}
	if credentials["security.protocol"] == "SASL_SSL" {
		options = append(options, kgo.DialTLSConfig(&tls.Config{RootCAs: authorities(credentials["ssl.ca.location"])}))
	}
	client, err := kgo.NewClient(options...)
	check(err)
	defer client.Close()
	patience, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	if err := client.Ping(patience); err != nil {
		fmt.Fprintln(os.Stderr, "the broker refused:", err)
		return refused
	}
	if err := client.ProduceSync(patience, record).FirstErr(); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return silence()
		}
		fmt.Fprintln(os.Stderr, "the broker refused:", err)
		return refused
	}
	for patience.Err() == nil {
		for _, found := range client.PollFetches(patience).Records() {
			if header(found, "ce_causationid") == eventID {
				verdict := strings.Split(header(found, "ce_type"), ".")[2] // intake.submission.<verdict>.v1
				fmt.Println(verdict, string(found.Value))
				return exitCodes[verdict]
			}
		}
	}
	return silence()
}

func silence() int {
	fmt.Fprintln(os.Stderr, "no answer yet: send it again with the same ids, it counts once")
	return noAnswer
}

func header(record *kgo.Record, name string) string {
	for _, header := range record.Headers {
		if header.Key == name {
			return string(header.Value)
		}
	}
	return ""
}

func newID() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func authorities(file string) *x509.CertPool {
	if file == "" {
		return nil // the system's own
	}
	pem, err := os.ReadFile(file)
	check(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return pool
}

func read(file string, into any) {
	content, err := os.ReadFile(file)
	check(err)
	check(json.Unmarshal(content, into))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
