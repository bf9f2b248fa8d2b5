extern alias api;

using InferMesh.Adapters.Tls;
using InferMesh.Cli.Agent.Config;
using InferMesh.Cli.Agent.Models;
using InferMesh.Cli.Agent.Reporting;
using InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Wire = api::InferMesh.State.V1;

namespace InferMesh.Tests.Unit.Cli.Agent;

[TestClass]
public sealed class AssignmentWatcherTests
{
    [TestMethod]
    public async Task RunAsync_Commands_AreCarriedOutOnceAndReported()
    {
        await using var mesh = await StatePlaneServer.StartAsync();
        await using var triton = await FakeRuntimeServer.StartAsync();
        triton.On("/v2/repository/models/m/load", "").On("/v2/repository/models/bad/load", """{"error":"no such model"}""", status: 400);
        await using var running = Running.Start(mesh, triton);
        await Eventually.HoldsAsync(() => !mesh.Watches.IsEmpty, "the agent asks");
        var said = mesh.Watches.First().Runtimes.Single();
        Assert.AreEqual(("triton", running.Endpoint), (said.Runtime, said.Endpoint));
        CollectionAssert.AreEqual(new[] { Wire.ModelAction.Load, Wire.ModelAction.Unload }, said.Actions.ToArray());

        mesh.Assign(Command("1", running.Endpoint, "m"), Command("2", running.Endpoint, "bad"), Command("3", "http://elsewhere", "m"), Command("4", running.Endpoint, "m", Wire.ModelAction.Sleep));
        await Eventually.HoldsAsync(() => mesh.Results.Count == 4, "four results");
        mesh.Assign(Command("1", running.Endpoint, "m"), Command("5", running.Endpoint, "m", Wire.ModelAction.Load));
        await Eventually.HoldsAsync(() => mesh.Results.Count == 5, "the new one's result");

        var results = mesh.Results.ToDictionary(r => r.Id);
        Assert.AreEqual("", results["1"].Error);
        StringAssert.Contains(results["2"].Error, "no such model");
        Assert.IsFalse(results["2"].Unsupported);
        Assert.IsTrue(results["3"].Unsupported && results["4"].Unsupported);
        Assert.AreEqual(3, triton.Commands.Count, string.Join('\n', triton.Commands));
    }

    [TestMethod]
    public async Task RunAsync_SameCommandUnderANewId_WaitsForTheFirst()
    {
        await using var mesh = await StatePlaneServer.StartAsync();
        await using var triton = await FakeRuntimeServer.StartAsync();
        var loaded = new TaskCompletionSource();
        triton.On("/v2/repository/models/m/load", async context =>
        {
            await loaded.Task;
            context.Response.StatusCode = StatusCodes.Status200OK;
        });
        await using var running = Running.Start(mesh, triton);

        mesh.Assign(Command("old", running.Endpoint, "m"), Command("new", running.Endpoint, "m"));
        await Eventually.HoldsAsync(() => triton.Commands.Count == 1, "the load has begun");
        loaded.SetResult();
        await Eventually.HoldsAsync(() => mesh.Results.Count == 2, "both have results");

        Assert.HasCount(1, triton.Commands);
        Assert.IsTrue(mesh.Results.All(r => r.Error.Length == 0));
    }

    [TestMethod]
    public async Task RunAsync_MeshAway_ReportsWhenItIsBack()
    {
        await using var mesh = await StatePlaneServer.StartAsync();
        await using var triton = await FakeRuntimeServer.StartAsync();
        var loaded = new TaskCompletionSource();
        triton.On("/v2/repository/models/m/load", async context => await loaded.Task);
        await using var running = Running.Start(mesh, triton);
        mesh.Assign(Command("1", running.Endpoint, "m"));
        await Eventually.HoldsAsync(() => triton.Commands.Count == 1, "the load has begun");

        await mesh.DownAsync();
        loaded.SetResult();
        await mesh.UpAsync();

        await Eventually.HoldsAsync(() => mesh.Results.Count == 1, "the result");
        Assert.HasCount(1, triton.Commands);
    }

    private static Wire.RuntimeCommand Command(string id, string endpoint, string model, Wire.ModelAction action = Wire.ModelAction.Load) =>
        new() { Id = id, Endpoint = endpoint, Model = model, Action = action };

    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly ProbeClients _clients = new();
        private readonly StatePlaneTarget _target;
        private readonly Task _task;

        private Running(StatePlaneServer mesh, AgentConfig config)
        {
            Endpoint = Address.Root(config.Runtimes[0].Advertise);
            _target = new(mesh.Address);
            _task = new AssignmentWatcher("n1", new(config, _clients, TimeProvider.System), [_target], TimeProvider.System, new Random(1), NullLogger.Instance).RunAsync(_stop.Token);
        }

        public string Endpoint { get; }

        public static Running Start(StatePlaneServer mesh, FakeRuntimeServer triton)
        {
            var config = AgentConfigReader.Read($"node: {{cell: a}}\nruntimes: [{{kind: triton, endpoint: \"{triton.Address}\", control: true}}]", "agent.yaml", [], out var errors);
            Assert.IsEmpty(errors, string.Join('\n', errors));
            return new(mesh, config!);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _task;
            _target.Dispose();
            _clients.Dispose();
            _stop.Dispose();
        }
    }
}
