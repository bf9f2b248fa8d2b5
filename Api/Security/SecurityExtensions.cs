using InferMesh.Api.Options;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Audit;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Keys;
using InferMesh.Api.Security.Limits;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Security;

/// <summary>Who may do what, for all planes.</summary>
internal static partial class SecurityExtensions
{
    /// <summary>Needs <see cref="SecuritySettings"/>, <see cref="ApiSettings"/> and an Orleans client.</summary>
    public static IServiceCollection AddMeshSecurity(this IServiceCollection services)
    {
        services.AddSingleton<KeyDirectory>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyDirectory>());
        services.AddSingleton<AuditMetrics>();
        services.AddSingleton<AuditTrail>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditTrail>());
        services.AddSingleton<CallLimits>();
        services.AddSingleton<StreamPlaces>();
        services.AddSingleton<KeyAdmin>();
        services.AddSingleton<KeyCallers>();
        services.AddSingleton<TokenCallers>();
        services.AddSingleton<CertificateCallers>();
        services.AddSingleton<CallerSources>();
        services.AddAuthentication(CallerAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, CallerAuthentication>(CallerAuthentication.SchemeName, null)
            .AddJwtBearer(TokenCallers.Scheme, static _ => { });
        services.AddOptions<JwtBearerOptions>(TokenCallers.Scheme).Configure<IOptions<SecuritySettings>>((options, settings) => TokenCallers.Configure(options, settings.Value.Tokens));
        // What declares nothing is closed: the rule is the fallback, and there is no other.
        var rule = new AccessRule();
        services.AddAuthorization(options => options.FallbackPolicy = new AuthorizationPolicyBuilder().AddRequirements(rule).Build());
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AccessAnswers>();
        return services;
    }

    /// <summary>Asks before a body is read: a stranger's input is not even looked at.</summary>
    public static void UseMeshSecurity(this WebApplication app)
    {
        app.UseAuthentication();
        // Between the two: it knows who calls, and sees who is refused.
        app.UseMiddleware<AuditMiddleware>();
        app.UseAuthorization();
        app.UseMiddleware<CallLimitMiddleware>();
        if (app.Services.GetRequiredService<IOptionsMonitor<SecuritySettings>>().CurrentValue.Mode == SecurityMode.Development) LogDevelopment(app.Logger);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Development mode: every caller on this machine is an admin without a key. Set InferMesh:Security:Mode to Enforced anywhere else.")]
    private static partial void LogDevelopment(ILogger logger);
}
