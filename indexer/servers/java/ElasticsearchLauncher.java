import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * Runs one Elasticsearch node until the process is ended.
 * Arguments: the node's folder (with modules/), the HTTP port on 127.0.0.1.
 */
public final class ElasticsearchLauncher {
    private ElasticsearchLauncher() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]).toAbsolutePath();
        Path config = Files.createDirectories(folder.resolve("config"));

        Settings.Builder wanted = Settings.builder();
        wanted.put("path.home", folder.toString());
        wanted.put("cluster.name", "weir-servers");
        wanted.put("discovery.type", "single-node");
        wanted.put("http.host", "127.0.0.1");
        wanted.put("http.port", Integer.parseInt(arguments[1]));
        wanted.put("transport.host", "127.0.0.1");
        wanted.put("transport.port", 0); // any free one: nobody else joins
        wanted.put("cluster.routing.allocation.disk.threshold_enabled", false); // a full disk is no test's concern

        LogConfigurator.registerErrorListener();
        LogConfigurator.configureESLogging();
        Environment environment =
            InternalSettingsPreparer.prepareEnvironment(wanted.build(), Collections.emptyMap(), config, () -> "elasticsearch");
        PluginsLoader modules = PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(folder.resolve("modules")), Collections.emptySet(), Collections.emptyMap());

        Node node = new Node(environment, modules);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close(); // what was acknowledged is on disk when the process is gone
            } catch (Exception e) {
                e.printStackTrace();
            }
        }));
        node.start();
        Thread.currentThread().join();
    }
}
