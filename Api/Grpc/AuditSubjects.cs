using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Core.Interceptors;
using InferMesh.Api.Security.Audit;

namespace InferMesh.Api.Grpc;

/// <summary>Tells the audit what a call is about: its message says so, not its address.</summary>
internal sealed class AuditSubjects : Interceptor
{
    private static readonly string[] Fields = ["name", "job_id", "node_id", "model_name", "prefix"];

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        if (request is IMessage message && Subject(message) is { } subject) AuditNotes.Of(context.GetHttpContext()).Subject = subject;
        return continuation(request, context);
    }

    private static string? Subject(IMessage message)
    {
        foreach (var name in Fields)
        {
            if (message.Descriptor.FindFieldByName(name) is { FieldType: FieldType.String } field && field.Accessor.GetValue(message) is string { Length: > 0 } value) return value;
        }
        // Those that write carry the whole object.
        return message.Descriptor.Fields.InDeclarationOrder().Where(field => field is { FieldType: FieldType.Message, IsRepeated: false })
            .Select(field => field.Accessor.GetValue(message)).OfType<IMessage>().Select(Subject).FirstOrDefault(subject => subject is not null);
    }
}
