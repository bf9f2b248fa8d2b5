using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Options;
using InferMesh.Grains.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.Extensions.Options;
using static InferMesh.Tests.Unit.Strategies.Tables;

namespace InferMesh.Tests.Unit.Grains.Routing;

[TestClass]
public sealed class ErrorRatesTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly ReservationLedger _ledger;
    private readonly Accused _node = new();

    public ErrorRatesTests()
    {
        _ledger = new(new LocalSilo(), _time, Options.Create(new RoutingSettings()), new(new()));
        _ = new ErrorRates(_ledger, new FakeGrains().Add<INodeGrain>(_ => _node), new(new Fixed<HealthSettings>(new()), new Fixed<FaultSettings>(new())), _time);
    }

    public void Dispose() => _ledger.Dispose();

    [TestMethod]
    public void Count_HalfOfTwentyFailed_IsToldOnce()
    {
        for (var i = 0; i < 20; i++) Settle(i % 2 == 0 ? OutcomeStatus.Error : OutcomeStatus.Success);
        Assert.AreEqual((FaultKind.ErrorRate, "10 of the last 20 requests failed."), (_node.Faults.Single().Kind, _node.Faults.Single().Evidence));
    }

    [TestMethod]
    public void Count_FewRequestsOrFewFailures_SayNothing()
    {
        for (var i = 0; i < 19; i++) Settle(OutcomeStatus.Timeout);
        _time.Advance(TimeSpan.FromSeconds(11));
        for (var i = 0; i < 100; i++) Settle(i % 3 == 0 ? OutcomeStatus.Error : OutcomeStatus.Success);
        for (var i = 0; i < 100; i++) Settle(OutcomeStatus.Cancelled);
        for (var i = 0; i < 100; i++) Settle(OutcomeStatus.Rejected);
        Assert.IsEmpty(_node.Faults);
    }

    private void Settle(OutcomeStatus status)
    {
        var decision = Decide(Table([Row("a")]));
        Assert.IsTrue(ReservationLedger.TryParse(_ledger.Reserve(decision, Request()), out var number, out _));
        _ledger.Settle(number, new() { DecisionId = "", Status = status, NodeId = "a" });
    }

    private sealed class Accused : INodeGrain
    {
        public List<NodeFault> Faults { get; } = [];

        public Task ReportFault(NodeFault fault)
        {
            Faults.Add(fault);
            return Task.CompletedTask;
        }

        public Task<NodeCommandResult> RegisterAt(NodeRegistration registration, long expected, string actor) => throw new NotSupportedException();

        public Task<IReadOnlyList<FieldError>> Check(NodeRegistration registration) => throw new NotSupportedException();

        public Task<NodeCommandResult> Register(NodeRegistration registration, string actor) => throw new NotSupportedException();

        public Task<NodeCommandResult> Cordon(string reason, string actor) => throw new NotSupportedException();

        public Task<NodeCommandResult> Uncordon(string actor) => throw new NotSupportedException();

        public Task<NodeCommandResult> Drain(bool force, TimeSpan timeout, string actor) => throw new NotSupportedException();

        public Task<NodeCommandResult> Quarantine(string reason, string actor) => throw new NotSupportedException();

        public Task<NodeCommandResult> Maintain(string reason, string actor) => throw new NotSupportedException();

        public Task<NodeCommandResult> Remove(bool force, string actor) => throw new NotSupportedException();

        public Task<NodeView?> Get() => throw new NotSupportedException();

        public Task<InferMesh.Grains.Abstractions.Cells.NodeSummary?> Summarize() => throw new NotSupportedException();
    }
}
