from django.db import migrations, models

import apps.people.models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0012_first_steps'),
    ]

    operations = [
        migrations.AlterField(
            model_name='employee',
            name='language',
            field=models.CharField(choices=[('en', 'English'), ('pt-br', 'Português (Brasil)'), ('es', 'Español')], default=apps.people.models.house_language, help_text='In which they read every message.', max_length=10, verbose_name='language'),
        ),
        migrations.AlterField(
            model_name='employee',
            name='time_zone',
            field=models.CharField(default=apps.people.models.house_time_zone, help_text='Like America/Sao_Paulo or Europe/Lisbon. Reminders and quiet hours follow it.', max_length=60, verbose_name='time zone'),
        ),
    ]
