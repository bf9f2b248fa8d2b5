using Google.Protobuf.WellKnownTypes;
using Domain = InferMesh.Grains.Abstractions.Tenancy;
using Proto = InferMesh.Control.V1;

namespace InferMesh.Api.Grpc.Control;

/// <summary>Tenants on the wire.</summary>
internal static class TenantMapper
{
    public static Domain.TenantSpec ToDomain(Proto.Tenant tenant) => new()
    {
        Description = tenant.Description,
        Limits = ToDomain(tenant.Limits),
        Projects = tenant.Projects.ToDictionary(p => p.Key, p => ToDomain(p.Value)),
        Keys = tenant.Keys.ToDictionary(k => k.Key, k => ToDomain(k.Value)),
        Price = ToDomain(tenant.Price),
        ModelPrices = tenant.ModelPrices.ToDictionary(p => p.Key, p => ToDomain(p.Value)),
        TrainingWeight = tenant.HasTrainingWeight ? tenant.TrainingWeight : 1,
        Organisation = tenant.Organisation,
        Placement = tenant.Placement is { } placement ? PolicyMapper.ToDomain(placement) : null,
    };

    public static Proto.Tenant ToProto(Domain.Tenant tenant) => new()
    {
        Name = tenant.Name,
        Version = tenant.Version,
        Description = tenant.Spec.Description,
        Limits = ToProto(tenant.Spec.Limits),
        Projects = { tenant.Spec.Projects.ToDictionary(p => p.Key, p => ToProto(p.Value)) },
        Keys = { tenant.Spec.Keys.ToDictionary(k => k.Key, k => ToProto(k.Value)) },
        Price = ToProto(tenant.Spec.Price),
        ModelPrices = { tenant.Spec.ModelPrices.ToDictionary(p => p.Key, p => ToProto(p.Value)) },
        TrainingWeight = tenant.Spec.TrainingWeight,
        Organisation = tenant.Spec.Organisation,
        Placement = tenant.Spec.Placement is { } placement ? PolicyMapper.ToProto(placement) : null,
        ChangedAt = Timestamp.FromDateTimeOffset(tenant.ChangedAt),
        ChangedBy = tenant.ChangedBy,
    };

    public static Proto.TenantUsage ToProto(Domain.TenantUsage usage) => new()
    {
        Name = usage.Name,
        Version = usage.Version,
        At = Timestamp.FromDateTimeOffset(usage.At),
        Total = ToProto(usage.Total),
        Projects = { usage.Projects.ToDictionary(p => p.Key, p => ToProto(p.Value)) },
        Keys = { usage.Keys.ToDictionary(k => k.Key, k => ToProto(k.Value)) },
    };

    private static Proto.ScopeUsage ToProto(Domain.ScopeUsage usage) => new()
    {
        InFlight = usage.InFlight,
        TokensThisMinute = usage.TokensThisMinute,
        TokensToday = usage.TokensToday,
        MoneyToday = usage.MoneyToday,
        LeasedRequests = usage.Leased.Requests,
        LeasedTokensPerMinute = usage.Leased.TokensPerMinute,
        LeasedTokensPerDay = usage.Leased.TokensPerDay,
        LeasedMoneyPerDay = usage.Leased.MoneyPerDay,
        Limits = ToProto(usage.Limits),
    };

    private static Domain.TenantLimits ToDomain(Proto.TenantLimits? limits) => limits is null ? new() : new()
    {
        RequestsPerSecond = limits.HasRequestsPerSecond ? limits.RequestsPerSecond : null,
        Burst = limits.HasBurst ? limits.Burst : null,
        ConcurrentRequests = limits.HasConcurrentRequests ? limits.ConcurrentRequests : null,
        TokensPerMinute = limits.HasTokensPerMinute ? limits.TokensPerMinute : null,
        TokensPerDay = limits.HasTokensPerDay ? limits.TokensPerDay : null,
        MoneyPerDay = limits.HasMoneyPerDay ? limits.MoneyPerDay : null,
        TrainingGpus = limits.HasTrainingGpus ? limits.TrainingGpus : null,
    };

    private static Proto.TenantLimits ToProto(Domain.TenantLimits limits)
    {
        var proto = new Proto.TenantLimits();
        if (limits.RequestsPerSecond is { } rate) proto.RequestsPerSecond = rate;
        if (limits.Burst is { } burst) proto.Burst = burst;
        if (limits.ConcurrentRequests is { } concurrent) proto.ConcurrentRequests = concurrent;
        if (limits.TokensPerMinute is { } perMinute) proto.TokensPerMinute = perMinute;
        if (limits.TokensPerDay is { } perDay) proto.TokensPerDay = perDay;
        if (limits.MoneyPerDay is { } money) proto.MoneyPerDay = money;
        if (limits.TrainingGpus is { } gpus) proto.TrainingGpus = gpus;
        return proto;
    }

    private static Domain.TokenPrice ToDomain(Proto.TokenPrice? price) => price is null ? new() : new() { PromptPer1000 = price.PromptPer1000, OutputPer1000 = price.OutputPer1000 };

    private static Proto.TokenPrice ToProto(Domain.TokenPrice price) => new() { PromptPer1000 = price.PromptPer1000, OutputPer1000 = price.OutputPer1000 };
}
