// Publishes one submission and waits for its verdict.
//
//	go run . pdx311.json submission.json [EVENT_ID]
//
// Exit code (of the built program; `go run` turns all but 0 into 1): 0 accepted or duplicate, 3 redirected, 4 rejected,
// 5 quarantined, 6 no answer in 30 s, 7 refused by the broker. After a 6 it prints the command that sends the same record again,
// with the id that it had.
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

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

const (
	noAnswer = 6
	refused  = 7
)

var exitCodes = map[string]int{"accepted": 0, "duplicate": 0, "redirected": 3, "rejected": 4, "quarantined": 5}

var notLetIn = []error{
	kerr.SaslAuthenticationFailed, kerr.UnsupportedSaslMechanism, kerr.IllegalSaslState, kerr.TopicAuthorizationFailed,
	kerr.ClusterAuthorizationFailed, kerr.UnknownTopicOrPartition, kerr.InvalidTopicException, kerr.MessageTooLarge,
}

func main() {
	var credentials map[string]string
	read(os.Args[1], &credentials)
	var submission map[string]any
	read(os.Args[2], &submission)
	eventID := newID()
	if len(os.Args) > 3 {
		eventID = os.Args[3]
	}
	// A submission without an id gets the event's, so that this one id makes the same record again.
	if submission["submission_id"] == nil {
		submission["submission_id"] = eventID
	}
	key := fmt.Sprint(submission["submission_id"])

	answer, err := send(credentials, key, submission, eventID)
	if err == nil {
		word, _, _ := strings.Cut(strings.TrimPrefix(header(answer, "ce_type"), "intake.submission."), ".")
		fmt.Println(word, string(answer.Value))
		if code, known := exitCodes[word]; known {
			os.Exit(code)
		}
		err = fmt.Errorf("this program does not know the verdict %s", word)
	}
	if isRefusal(err) {
		fmt.Fprintln(os.Stderr, "the broker refused:", err)
		os.Exit(refused)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("no verdict in 30 s")
	}
	fmt.Fprintf(os.Stderr, "no answer to event %s, submission %s: %v\n", eventID, key, err)
	fmt.Fprintf(os.Stderr, "send the same record again, it counts once: '%s' '%s' '%s' %s\n", os.Args[0], os.Args[1], os.Args[2], eventID)
	os.Exit(noAnswer)
}

// send returns the verdict on it.
func send(credentials map[string]string, key string, submission map[string]any, eventID string) (*kgo.Record, error) {
	source := credentials["source"]
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

	options := []kgo.Opt{
		kgo.SeedBrokers(strings.Split(credentials["bootstrap.servers"], ",")...),
		kgo.SASL(scram.Auth{User: credentials["sasl.username"], Pass: credentials["sasl.password"]}.AsSha512Mechanism()),
	}
	if credentials["security.protocol"] == "SASL_SSL" {
		options = append(options, kgo.DialTLSConfig(&tls.Config{RootCAs: authorities(credentials["ssl.ca.location"])}))
	}
	patience, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	client, err := kgo.NewClient(options...)
	check(err)
	defer client.Close()

	// Where the verdicts end now, before anything is sent: ours comes after it.
	results := "city.results." + source + ".v1"
	end, err := endOf(patience, client, results)
	if err != nil {
		return nil, err
	}
	from := map[string]map[int32]kgo.Offset{results: {0: kgo.NewOffset().At(end)}}
	reader, err := kgo.NewClient(append(options, kgo.ConsumePartitions(from))...)
	check(err)
	defer reader.Close()

	if err := client.ProduceSync(patience, record).FirstErr(); err != nil {
		return nil, err
	}
	for patience.Err() == nil {
		fetches := reader.PollFetches(patience)
		for _, failed := range fetches.Errors() {
			if isRefusal(failed.Err) {
				return nil, failed.Err
			}
		}
		for _, found := range fetches.Records() {
			if header(found, "ce_causationid") == eventID {
				return found, nil
			}
		}
	}
	return nil, patience.Err()
}

func endOf(ctx context.Context, client *kgo.Client, topic string) (int64, error) {
	partition := kmsg.NewListOffsetsRequestTopicPartition()
	partition.Timestamp = -1 // the end
	asked := kmsg.NewListOffsetsRequestTopic()
	asked.Topic, asked.Partitions = topic, append(asked.Partitions, partition)
	request := kmsg.NewPtrListOffsetsRequest()
	request.Topics = append(request.Topics, asked)
	told, err := request.RequestWith(ctx, client)
	if err != nil {
		return 0, err
	}
	if len(told.Topics) != 1 || len(told.Topics[0].Partitions) != 1 {
		return 0, kerr.UnknownTopicOrPartition
	}
	found := told.Topics[0].Partitions[0]
	return found.Offset, kerr.ErrorForCode(found.ErrorCode)
}

func isRefusal(err error) bool {
	for _, kind := range notLetIn {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
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
