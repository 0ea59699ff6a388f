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
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Publishes one submission and waits for its verdict. Java 17; in libs/: kafka-clients, slf4j-api and zstd-jni.
 *
 *     java -cp 'libs/*' PublishSubmission.java pdx311.json submission.json
 *
 * Exit code: 0 accepted or duplicate, 3 redirected, 4 rejected, 5 quarantined, 6 no answer in 30 s, 7 refused by the broker.
 */
public class PublishSubmission {
    static final Map<String, Integer> EXIT_CODES =
            Map.of("accepted", 0, "duplicate", 0, "redirected", 3, "rejected", 4, "quarantined", 5);
    static final int NO_ANSWER = 6, REFUSED = 7;

    public static void main(String[] arguments) throws Exception {
        try {
            System.exit(publish(texts(Files.readString(Path.of(arguments[0]))), Files.readString(Path.of(arguments[1]))));
        } catch (KafkaException | ExecutionException error) {
            System.err.println("the broker refused: " + error.getMessage());
            System.exit(REFUSED);
        }
    }

    static int publish(Map<String, String> credentials, String submission) throws Exception {
        String source = credentials.get("source");
        Map<String, Object> settings = settings(credentials);

        // A submission without an id gets one; the same id is the record's key.
        String key = texts(submission).get("submission_id");
        if (key == null) {
            key = UUID.randomUUID().toString();
            submission = submission.replaceFirst("\\{", "{\"submission_id\": \"" + key + "\", ");
        }
        String eventId = UUID.randomUUID().toString();
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
            consumer.position(results);

            producer.send(record).get();
            for (Instant until = Instant.now().plusSeconds(30); Instant.now().isBefore(until); ) {
                for (ConsumerRecord<String, String> found : consumer.poll(Duration.ofSeconds(1))) {
                    if (eventId.equals(header(found, "ce_causationid"))) {
                        String verdict = header(found, "ce_type").split("\\.")[2]; // intake.submission.<verdict>.v1
                        System.out.println(verdict + " " + found.value());
                        return EXIT_CODES.get(verdict);
                    }
                }
            }
        }
        System.err.println("no answer yet: send it again with the same ids, it counts once");
        return NO_ANSWER;
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
        settings.put("delivery.timeout.ms", 30_000);
        settings.put("request.timeout.ms", 10_000);
        settings.put("max.block.ms", 30_000);
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
