import org.codelibs.opensearch.runner.OpenSearchRunner;

/**
 * Runs one OpenSearch node with its security plugin until the process is ended.
 * Settings are the environment's variables with a dot in their name, as in
 * OpenSearch's image. Argument: the folder above the node's.
 */
public final class Secured {
    private Secured() {}

    public static void main(String[] arguments) throws Exception {
        OpenSearchRunner runner = new OpenSearchRunner();
        runner.onBuild((number, settings) -> {
            System.getenv().forEach((name, value) -> {
                if (name.matches("[a-z0-9_]+\\.[a-z0-9_.]+")) {
                    settings.put(name, value);
                }
            });
            settings.put("network.host", "127.0.0.1");
            settings.put("http.port", "0");
            settings.put("transport.port", "0");
            settings.putList("node.roles", "cluster_manager", "data", "ingest");
            settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
        });
        runner.build(OpenSearchRunner.newConfigs().basePath(arguments[0]).numOfNode(1)
            .clusterName("weir") // as in the compose file
            .pluginTypes("org.opensearch.security.OpenSearchSecurityPlugin"));
        Thread.currentThread().join();
    }
}
