import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.HexFormat;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/**
 * Which partition the Java producer chooses for a key when it is left to its defaults.
 *
 * <p>Reads lines of "partitions key", the key in hexadecimal and possibly empty; writes one partition a line.
 */
public final class DefaultPartition {
    public static void main(String[] arguments) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            int space = line.indexOf(' ');
            int partitions = Integer.parseInt(line.substring(0, space));
            byte[] key = HexFormat.of().parseHex(line.substring(space + 1));
            System.out.println(BuiltInPartitioner.partitionForKey(key, partitions));
        }
    }
}
