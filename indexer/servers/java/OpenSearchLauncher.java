import org.codelibs.opensearch.runner.OpenSearchRunner;
import org.opensearch.common.settings.Settings;

/**
 * Runs one OpenSearch node until the process is ended.
 * Arguments: the node's folder, the HTTP port on 127.0.0.1.
 */
public final class OpenSearchLauncher {
    private OpenSearchLauncher() {}

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[1]);
        OpenSearchRunner runner = new OpenSearchRunner();
        runner.setMaxHttpPort(65535); // its own limit is 9299
        runner.onBuild((node, settings) -> configure(settings, port));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                runner.close(); // what was acknowledged is on disk when the process is gone
            } catch (Exception e) {
                e.printStackTrace();
            }
        }));
        // The runner adds the node's number, 1, to the base port.
        runner.build(OpenSearchRunner.newConfigs()
            .basePath(arguments[0]).clusterName("weir-servers").numOfNode(1).baseHttpPort(port - 1));
        Thread.currentThread().join();
    }

    private static void configure(Settings.Builder settings, int port) {
        settings.put("network.host", "127.0.0.1");
        settings.put("http.port", port);
        settings.put("discovery.type", "single-node");
        settings.putList("node.roles", "cluster_manager", "data", "ingest");
        settings.put("cluster.routing.allocation.disk.threshold_enabled", false); // a full disk is no test's concern
    }
}
