using InferMesh.AppHost;
using InferMesh.AppHost.Local;

namespace InferMesh.Tests.Unit.AppHost.Local;

[TestClass]
public sealed class MeshSummaryTests
{
    [TestMethod]
    public void Render_WholeMesh_IsOneAlignedTable()
    {
        var mesh = new MeshTopology { ClusterId = "c", DataDirectory = "/data" };

        var text = MeshSummary.Render(mesh, [(21001, 4711), (21004, 4712)], [("Redis", "embedded (Garnet), 127.0.0.1:21000"), ("Storage", "SQLite, /data/infermesh.db")]);

        Assert.AreEqual("""
            InferMesh is up
              API      http://127.0.0.1:8080/api/v1
              Swagger  http://127.0.0.1:8080/swagger
              Ingress  http://127.0.0.1:8080/v1
              gRPC     http://127.0.0.1:50051 (h2c)
              silo-0   http://127.0.0.1:21001 (pid 4711)
              silo-1   http://127.0.0.1:21004 (pid 4712)
              Redis    embedded (Garnet), 127.0.0.1:21000
              Storage  SQLite, /data/infermesh.db
              Fleet    synthetic fleet: 8 nodes, 2 cells (synthetic=true)
              Jobs     2 agents that start training jobs, 2 synthetic GPUs each (synthetic=true)
              Logs     /data/logs
              Stop     Ctrl+C

            """.ReplaceLineEndings("\n"), text);
    }
}
