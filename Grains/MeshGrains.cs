using InferMesh.Grains.Common;
using InferMesh.Grains.Events;
using InferMesh.Grains.Experiments;
using InferMesh.Grains.Models;
using InferMesh.Grains.Nodes;
using InferMesh.Grains.Plugins;
using InferMesh.Grains.Policies;
using InferMesh.Grains.Recording;
using InferMesh.Grains.Routing;
using InferMesh.Grains.Routing.Shadows;
using InferMesh.Grains.Tenancy;

namespace InferMesh.Grains;

/// <summary>Registers what the grains need in a silo.</summary>
public static class MeshGrains
{
    /// <summary>
    /// Adds routing table, reservations, experiments, plugins, tenants, models, jobs and events. The host binds <see cref="Options.HealthSettings"/>,
    /// <see cref="Options.FaultSettings"/>, <see cref="Options.RoutingSettings"/>, <see cref="Options.RecordingSettings"/>, <see cref="Options.TenancySettings"/>,
    /// <see cref="Options.JobSettings"/>, <see cref="Options.PluginSettings"/>, <see cref="Options.ExperimentSettings"/> and <see cref="Options.EventSettings"/>, and provides storage and the stream provider.
    /// </summary>
    public static ISiloBuilder AddMeshGrains(this ISiloBuilder silo)
    {
        // The default directory may know two activations of an object for minutes after silos came or went: a reader would be shown what was true before, and events would reach a log that nobody reads.
#pragma warning disable ORLEANSEXP003
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        silo.Services.AddSingleton(TimeProvider.System);
        silo.Services.AddSingleton<EventSink>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<EventSink>());
        silo.Services.AddSingleton<HealthRules>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, ErrorRates>();
        silo.Services.AddSingleton<PluginLoader>();
        silo.Services.AddSingleton<PluginTrials>();
        silo.Services.AddSingleton<SiloPlugins>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<SiloPlugins>());
        silo.Services.AddSingleton<RoutingTableCache>();
        silo.Services.AddSingleton(static services => new PolicyStrategies(services.GetRequiredService<SiloPlugins>().Find));
        silo.Services.AddSingleton<ExperimentTableBuilder>();
        silo.Services.AddSingleton<RoutingTableBuilder>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, ExperimentReporter>();
        silo.Services.AddSingleton<IClusterSize, ClusterSize>();
        silo.Services.AddSingleton<DecisionRecording>();
        silo.Services.AddSingleton<StrategyFeedback>();
        silo.Services.AddSingleton<ReservationLedger>();
        silo.Services.AddSingleton<ShadowJudge>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<ShadowJudge>());
        silo.Services.AddSingleton<DecisionSampler>();
        silo.Services.AddSingleton<Router>();
        silo.Services.AddSingleton<AdmissionGate>();
        silo.Services.AddSingleton<ReservationClient>();
        silo.Services.AddGrainService<ReservationService>();
        silo.Services.AddSingleton<TenantLedger>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<TenantLedger>());
        silo.Services.AddSingleton<TenantLedgerClient>();
        silo.Services.AddGrainService<TenantLedgerService>();
        silo.Services.AddSingleton<RoutingTableRefresher>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<RoutingTableRefresher>());
        silo.Services.AddSingleton<ServingCapacity>();
        silo.Services.AddSingleton<PlannerWaker>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<PlannerWaker>());
        return silo;
    }
}
