import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Publishes one submission and waits for its verdict. Java 17; in libs/: kafka-clients, slf4j-api and zstd-jni.
 *
 *     java -cp 'libs/*' PublishSubmission.java pdx311.json submission.json [EVENT_ID]
 *
 * Exit code: 0 accepted or duplicate, 3 redirected, 4 rejected, 5 quarantined, 6 no answer in 30 s, 7 refused by the broker.
 * After a 6 it prints the id with which the same record is sent again.
 */
public class PublishSubmission {
    static final Map<String, Integer> EXIT_CODES =
            Map.of("accepted", 0, "duplicate", 0, "redirected", 3, "rejected", 4, "quarantined", 5);
    static final int NO_ANSWER = 6, REFUSED = 7;
    static final List<Class<? extends KafkaException>> NOT_LET_IN = List.of(
            AuthenticationException.class, AuthorizationException.class, InvalidTopicException.class,
            UnknownTopicOrPartitionException.class, RecordTooLargeException.class);

    public static void main(String[] arguments) throws Exception {
        Map<String, String> credentials = texts(Files.readString(Path.of(arguments[0])));
        String submission = Files.readString(Path.of(arguments[1]));
        String eventId = arguments.length > 2 ? arguments[2] : UUID.randomUUID().toString();

        // A submission without an id gets the event's, so that this one id makes the same record again.
        String key = texts(submission).getOrDefault("submission_id", eventId);
        if (!texts(submission).containsKey("submission_id")) {
            submission = submission.replaceFirst("\\{", "{\"submission_id\": \"" + key + "\", ");
        }
        String why;
        try {
            ConsumerRecord<String, String> answer = send(credentials, key, submission, eventId);
            String verdict = header(answer, "ce_type").replaceAll("^intake\\.submission\\.|\\.v\\d+$", "");
            System.out.println(verdict + " " + answer.value());
            if (EXIT_CODES.containsKey(verdict)) {
                System.exit(EXIT_CODES.get(verdict));
            }
            why = "this program does not know the verdict " + verdict;
        } catch (KafkaException | ExecutionException error) {
            Throwable reason = error instanceof ExecutionException ? error.getCause() : error;
            why = reason.getMessage();
            if (NOT_LET_IN.stream().anyMatch(kind -> kind.isInstance(reason))) {
                System.err.println("the broker refused: " + why);
                System.exit(REFUSED);
            }
        }
        System.err.printf("no answer to event %s, submission %s: %s%n", eventId, key, why);
        System.err.printf("send the same record again, it counts once: the same command, with %s as its third argument%n", eventId);
        System.exit(NO_ANSWER);
    }

    /** The verdict on it. Throws TimeoutException where none came in time. */
    static ConsumerRecord<String, String> send(Map<String, String> credentials, String key, String submission, String eventId)
            throws Exception {
        String source = credentials.get("source");
        Map<String, Object> settings = settings(credentials);
        var record = new ProducerRecord<>("city.submissions." + source + ".v1", key, submission);
        Map.of(
                "ce_specversion", "1.0",
                "ce_id", eventId,
                "ce_source", "/city/" + source,
                "ce_type", "city.submission.submitted.v1",
                "ce_time", Instant.now().toString(),
                "ce_subject", key,
                "content-type", "application/json")
                .forEach((name, value) -> record.headers().add(name, value.getBytes()));

        var text = new StringDeserializer();
        try (var consumer = new KafkaConsumer<>(settings, text, text);
                var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            // Where the verdicts end now, before anything is sent: ours comes after it.
            var results = new TopicPartition("city.results." + source + ".v1", 0);
            consumer.assign(List.of(results));
            consumer.seekToEnd(List.of(results));
            consumer.position(results, Duration.ofSeconds(10));

            Instant until = Instant.now().plusSeconds(30);
            producer.send(record).get();
            while (Instant.now().isBefore(until)) {
                for (ConsumerRecord<String, String> found : consumer.poll(Duration.ofSeconds(1))) {
                    if (eventId.equals(header(found, "ce_causationid"))) {
                        return found;
                    }
                }
            }
        }
        throw new TimeoutException("no verdict in 30 s");
    }

    static Map<String, Object> settings(Map<String, String> credentials) {
        Map<String, Object> settings = new HashMap<>();
        for (String name : List.of("bootstrap.servers", "security.protocol", "sasl.mechanism")) {
            settings.put(name, credentials.get(name));
        }
        settings.put("sasl.jaas.config", String.format(
                "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\";",
                credentials.get("sasl.username"), credentials.get("sasl.password")));
        if (credentials.containsKey("ssl.ca.location")) {
            settings.put("ssl.truststore.type", "PEM");
            settings.put("ssl.truststore.location", credentials.get("ssl.ca.location"));
        }
        settings.put("delivery.timeout.ms", 20_000);
        settings.put("request.timeout.ms", 10_000);
        settings.put("max.block.ms", 20_000);
        return settings;
    }

    /** The texts in a JSON object, by name. Use your JSON library here; this keeps the example to one file. */
    static Map<String, String> texts(String json) {
        Map<String, String> found = new HashMap<>();
        Pattern.compile("\"([^\"]+)\"\\s*:\\s*\"([^\"\\\\]*)\"").matcher(json).results()
                .forEach(pair -> found.put(pair.group(1), pair.group(2)));
        return found;
    }

    static String header(ConsumerRecord<String, String> record, String name) {
        Header found = record.headers().lastHeader(name);
        return found == null || found.value() == null ? "" : new String(found.value());
    }
}
